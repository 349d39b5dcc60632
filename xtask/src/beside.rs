//! Applications beside the libraries: the programs of those who use them, as small as they go.
//!
//! They are written into `target/beside`, a workspace of its own, so that each of them is built
//! with the features that it and its library switch on, and no others.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{cargo, run as run_command};
use crate::dependencies;
use crate::failure::Failure;
use crate::libraries::{self, Library};
use crate::paths;

/// An application of axum alone, and the same with our adapter: what that adds is counted.
pub(crate) const AXUM_ALONE: &str = "axum-alone";
pub(crate) const AXUM_AND_OURS: &str = "axum-and-ours";

/// How many crates our adapter without features may add to axum, itself included.
const MOST_ADDED: usize = 10;

/// What an application may rely on, whatever its dependencies need.
const JSON_TESTS: &str = r##"
#[cfg(test)]
mod tests {
    use serde_json::{Value, from_str, json};

    #[test]
    fn fields_are_in_the_order_of_their_names() {
        assert_eq!(json!({ "b": 1, "a": 2 }).to_string(), r#"{"a":2,"b":1}"#);
    }

    #[test]
    fn numbers_are_numbers_and_not_their_text() {
        assert!(from_str::<Value>("1e400").is_err());
        assert_eq!(from_str::<Value>("1.10").unwrap().to_string(), "1.1");
    }
}
"##;

/// An application to be written.
struct Application {
    name: String,
    /// Lines of its `[dependencies]`.
    dependencies: String,
    code: String,
}

/// Runs the JSON tests of an application beside each library, and counts what ours adds to axum.
pub(crate) fn run() -> Result<(), Failure> {
    let workspace = write()?;
    for library in libraries::all()? {
        let mut test = cargo("test --quiet --lib --package");
        test.arg(name_beside(&library)).args(["--target-dir", "target/beside/target"]);
        run_command(test.arg("--manifest-path").arg(&workspace))?;
    }
    count(&workspace)
}

/// Writes the applications, and gives the manifest of their workspace.
pub(crate) fn write() -> Result<PathBuf, Failure> {
    let root = paths::target().join("beside");
    let mut applications = vec![
        Application {
            name: AXUM_ALONE.to_owned(),
            dependencies: "axum = \"0.8\"\n".to_owned(),
            code: "pub use axum::Router;\n".to_owned(),
        },
        Application {
            name: AXUM_AND_OURS.to_owned(),
            dependencies: format!(
                "axum = \"0.8\"\ngapless-sse-axum = {{ path = '{}', default-features = false }}\n",
                paths::root().join("sse-axum").display()
            ),
            code: "pub use {axum::Router, gapless_sse_axum::Sse};\n".to_owned(),
        },
    ];
    applications.extend(libraries::all()?.iter().map(beside));
    let names: Vec<_> = applications.iter().map(|application| &application.name).collect();
    let manifest = root.join("Cargo.toml");
    let workspace = format!(
        "[workspace]\nresolver = \"3\"\nmembers = {names:?}\n\n[profile.dev]\ndebug = false\n"
    );
    keep(&manifest, &workspace)?;
    for Application { name, dependencies, code } in &applications {
        let package = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [dependencies]\n{dependencies}"
        );
        keep(&root.join(name).join("Cargo.toml"), &package)?;
        keep(&root.join(name).join("src").join("lib.rs"), code)?;
    }
    // The versions we build with are there already.
    fs::copy(paths::root().join("Cargo.lock"), root.join("Cargo.lock"))
        .map_err(Failure::io("copy Cargo.lock"))?;
    Ok(manifest)
}

fn name_beside(library: &Library) -> String {
    format!("beside-{}", library.name())
}

fn beside(library: &Library) -> Application {
    let name = library.name();
    let path = paths::root().join(&library.folder);
    let path = path.display();
    Application {
        name: name_beside(library),
        dependencies: format!("{name} = {{ path = '{path}' }}\nserde_json = \"1\"\n"),
        code: format!("pub use {}::*;\n{JSON_TESTS}", name.replace('-', "_")),
    }
}

/// Writes a file unless it is as it should be: cargo builds again what was written again.
fn keep(path: &Path, text: &str) -> Result<(), Failure> {
    if fs::read_to_string(path).is_ok_and(|kept| kept == text) {
        return Ok(());
    }
    path.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(path, text))
        .map_err(Failure::io(format!("write {}", path.display())))
}

fn count(workspace: &Path) -> Result<(), Failure> {
    let of = |name: &str| -> Result<BTreeSet<String>, Failure> {
        let manifest = workspace.display();
        let tree =
            dependencies::tree(&format!("--package {name} --manifest-path {manifest}"), &[name])?;
        Ok(tree.into_iter().filter(|part| !part.contains('/')).collect())
    };
    let (alone, with_ours) = (of(AXUM_ALONE)?, of(AXUM_AND_OURS)?);
    let added: Vec<_> = with_ours.difference(&alone).map(String::as_str).collect();
    let (count, names) = (added.len(), added.join(", "));
    if count > MOST_ADDED {
        return Err(Failure::Found(format!(
            "gapless-sse-axum without features adds {count} crates to axum, more than \
             {MOST_ADDED}: {names}"
        )));
    }
    println!("gapless-sse-axum without features adds {count} crates to axum: {names}");
    Ok(())
}
