//! Each check finds its bad example, and lets the good one pass.

use super::source::{SourceFile, Violation};
use super::{Manifest, arrows, circles, layers, lines, locks, packages};

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), text: text.to_owned() }
}

/// Each violation as its line and its first words.
fn found(violations: Vec<Violation>) -> Vec<String> {
    let short = |v: Violation| format!("{}: {}", v.line, v.what.split(';').next().unwrap_or(""));
    violations.into_iter().map(short).collect()
}

fn in_lines(path: &str, text: &str) -> Vec<String> {
    found(lines::check(&file(path, text)))
}

fn in_core(path: &str, text: &str) -> Vec<String> {
    found(arrows::check(&file(&format!("sse-core/src/{path}"), text)))
}

#[test]
fn a_violation_is_one_line_with_its_place() {
    let violation = file("a/b.rs", "").violation(7, "wrong; do right");
    assert_eq!(violation.to_string(), "a/b.rs:7: wrong; do right");
}

#[test]
fn files_have_at_most_500_lines() {
    let longest = "//! Docs.\n".repeat(500);
    assert_eq!(in_lines("a.rs", &longest), [""; 0]);
    let longer = longest + "//\n";
    for path in ["a.rs", "a.ts", "a.tsx"] {
        assert_eq!(in_lines(path, &longer), ["501: 501 lines are more than 500"]);
    }
    assert_eq!(in_lines("a.json", &longer), [""; 0]);
}

#[test]
fn modules_begin_with_their_documentation() {
    let wrong = "no module documentation";
    assert_eq!(in_lines("a.rs", "\n#![no_main]\n//! What for.\nuse a;\n"), [""; 0]);
    assert_eq!(in_lines("a.rs", "#![doc = include_str!(\"README.md\")]\nuse a;\n"), [""; 0]);
    assert_eq!(in_lines("a.rs", "use a;\n//! Late.\n"), [format!("1: {wrong}")]);
    assert_eq!(in_lines("a.rs", "\n// Nothing.\n"), [format!("2: {wrong}")]);
    assert_eq!(in_lines("a.rs", ""), [format!("1: {wrong}")]);
    assert_eq!(in_lines("a.ts", "let a"), [""; 0]);
}

#[test]
fn nothing_is_left_unfinished() {
    let unfinished = concat!("to", "do!()");
    let text = format!("//! Docs.\n// {unfinished}\nfn a() {{ {unfinished} }}\n");
    assert_eq!(in_lines("a.rs", &text), [concat!("3: `to", "do!`")]);
}

#[test]
fn tests_never_sleep() {
    let text = concat!("//! Docs.\n  tokio::time::sle", "ep(second)");
    let wrong = [concat!("2: a test that calls `sle", "ep`")];
    assert_eq!(in_lines("a/tests/b.rs", text), wrong);
    assert_eq!(in_lines("a/tests/b/c.rs", text), wrong);
    assert_eq!(in_lines("a/src/tests.rs", text), [""; 0]);
    let text = concat!("await page.waitFor", "Timeout(100)");
    let wrong = [concat!("1: a test that calls `waitFor", "Timeout`")];
    assert_eq!(in_lines("examples/log-viewer/e2e/a.mjs", text), wrong);
}

#[test]
fn no_file_knows_a_machine() {
    let text = concat!("a\nsee \"/ho", "me/ann/src\"\nhttps://example.org/ho", "me/ann\n");
    assert_eq!(in_lines("a.md", text), ["2: a path of one machine"]);
}

#[test]
fn lock_files_name_no_host() {
    let of = |path, text| found(locks::check(&file(path, text)));
    let wrong = "2: a registry's host";
    let text = "{\n  \"resolved\": \"https://registry.example/a.tgz\",\n  \"integrity\": \"x\"";
    assert_eq!(of("a/package-lock.json", text), [wrong]);
    assert_eq!(of("a/other.json", text), [""; 0]);
    let crates_io = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    let text = format!("{crates_io}\nsource = \"sparse+https://mirror.example/index/\"\n");
    assert_eq!(of("Cargo.lock", &text), [wrong]);
    assert_eq!(of(".npmrc", "a=b\nregistry=https://mirror.example\n"), [wrong]);
}

#[test]
fn the_core_looks_down_only() {
    let wrong = ["1: wire may not use follow"];
    assert_eq!(in_core("wire/parse.rs", "use crate::follow::Hub;"), wrong);
    assert_eq!(in_core("wire/parse.rs", "use super::super::follow::Hub;"), wrong);
    assert_eq!(in_core("wire/mod.rs", "use super::follow::Hub;"), wrong);
    assert_eq!(in_core("wire.rs", "fn a() { super::follow::b() }"), wrong);
    assert_eq!(in_core("session/a.rs", "use crate::follow;"), ["1: session may not use follow"]);
    assert_eq!(in_core("follow/a.rs", "use crate::session::A;"), ["1: follow may not use session"]);
    assert_eq!(in_core("client/a.rs", "use crate::follow::A;"), ["1: client may not use follow"]);
    let all = "use crate::{session, follow::{Hub, a::B}, wire};";
    assert_eq!(in_core("stream/a.rs", all), [""; 0]);
    assert_eq!(in_core("stream/a.rs", "use super::follow::A;"), [""; 0]);
    assert_eq!(in_core("follow/a.rs", "use super::ring::Ring;\nuse crate::wire::A;"), [""; 0]);
    assert_eq!(in_core("lib.rs", "pub use crate::follow::A;"), [""; 0]);
}

#[test]
fn a_module_in_braces_is_one_deeper() {
    let inner = "pub mod inner {\n    use super::ring::Ring;\n}\n";
    assert_eq!(in_core("follow/mod.rs", &format!("{inner}use super::wire::A;\n")), [""; 0]);
    let inner = "mod inner {\n    use super::super::stream::A;\n}\nuse super::stream::A;\n";
    let wrong = "follow may not use stream";
    assert_eq!(in_core("follow/mod.rs", inner), [format!("2: {wrong}"), format!("4: {wrong}")]);
}

#[test]
fn names_within_braces_are_found_on_their_lines() {
    let text = "// crate::stream::A\nuse crate::{\n    wire::{Event, stream},\n    stream::B,\n};";
    assert_eq!(in_core("follow/a.rs", text), ["4: follow may not use stream"]);
}

#[test]
fn what_the_core_exports_is_not_a_way_around() {
    let text = "use crate::EventStream;";
    assert_eq!(in_core("wire/a.rs", text), ["1: `EventStream` taken from the root"]);
    assert_eq!(in_core("other/a.rs", ""), ["1: other has no place in the core"]);
}

fn package(name: &str, rest: &str) -> SourceFile {
    let head = format!("[package]\nname = \"{name}\"\nrust-version.workspace = true\n");
    file(&format!("{name}/Cargo.toml"), &format!("{head}[lints]\nworkspace = true\n{rest}"))
}

#[test]
fn crates_depend_downwards_only() {
    let of = |name, rest| {
        let files =
            ["gapless-sse-core", "gapless-sse-mongo", "gapless-sse-axum", "testbed", "xtask"]
                .map(|each| package(each, if each == name { rest } else { "" }));
        found(layers::check(&files))
    };
    let later = "7: gapless-sse-axum may not depend on gapless-sse-mongo";
    assert_eq!(of("gapless-sse-axum", "[dependencies.gapless-sse-mongo]\npath = \"x\""), [later]);
    assert_eq!(
        of("gapless-sse-axum", "[dependencies]\ngapless-sse-mongo.workspace = true"),
        [later]
    );
    assert_eq!(
        of("gapless-sse-axum", "[target.'cfg(unix)'.dependencies]\ngapless-sse-mongo = {}"),
        [later]
    );
    assert_eq!(of("gapless-sse-axum", "[dev-dependencies]\ngapless-sse-mongo = {}"), [""; 0]);
    assert_eq!(
        of("gapless-sse-axum", "[dependencies]\ngapless-sse-core = {}\nserde = \"1\""),
        [""; 0]
    );
    let wrong = ["7: gapless-sse-core may not depend on testbed"];
    assert_eq!(of("gapless-sse-core", "[build-dependencies]\ntestbed = {}"), wrong);
}

#[test]
fn every_package_has_a_place_and_states_its_compiler_and_lints() {
    let wrong = found(layers::check(&[package("sse-more", "")]));
    assert_eq!(wrong, ["1: sse-more has no place among the crates"]);
    let bare = file("sse-core/Cargo.toml", "[package]\nname = \"gapless-sse-core\"\n");
    assert_eq!(found(layers::check(&[bare])), ["1: no `rust-version`", "1: no `workspace`"]);
}

#[test]
fn a_manifest_tells_its_features_and_whether_it_is_published() {
    let manifest = Manifest::parse(
        "[package]\nname = \"a\"\n[features]\ndefault = [\"b\"]\nb = []\n# c = []\n\"d\" = []\n",
    );
    assert_eq!(manifest.features().collect::<Vec<_>>(), ["b", "d"]);
    assert!(manifest.is_published());
    assert!(!Manifest::parse("[package]\nname = \"a\"\npublish = false\n").is_published());
}

/// What is said of the circles among the files of a crate, without advice.
fn in_crate(files: &[(&str, &str)]) -> Vec<String> {
    let mut all = vec![file("a/Cargo.toml", "[package]\nname = \"a\"\n")];
    all.extend(files.iter().map(|(path, text)| file(&format!("a/src/{path}"), text)));
    let of = "files that import each other in a circle: ";
    found(circles::check(&all)).iter().map(|found| found.replacen(of, "", 1)).collect()
}

#[test]
fn two_files_that_import_each_other_are_a_circle() {
    let root = ("lib.rs", "mod one;\nmod two;\n");
    let one = ("one.rs", "use crate::two::B;\npub struct A(B);\n");
    let wrong = ["1: one.rs:1 → two.rs, two.rs:2 → one.rs"];
    for two in [
        "pub struct B;\nuse super::one::A;",
        "pub struct B;\nuse crate::{one::{A}, other};",
        "pub struct B;\nfn b() { f::<u8>(crate::one::A::new()) }",
        "pub struct B;\nfn b() { vec![crate::one::A::new()] }",
        "pub struct B;\nimpl super::one::A {}",
        "pub struct B;\nuse crate::one; fn b() -> one::A {}",
        "pub struct B;\nuse crate::one::*;",
    ] {
        assert_eq!(in_crate(&[root, one, ("two.rs", two)]), wrong, "{two}");
    }
    for two in [
        "pub struct B; // crate::one::A",
        "/// As [`A`](crate::one::A).\npub struct B;",
        "pub struct B; const C: &str = \"crate::one::A\";",
        "pub struct B; #[cfg(test)]\nuse crate::one::A;",
        "pub struct B; #[cfg(test)]\nmod tests { use crate::one::A; }",
        "pub struct B; #[cfg(all(test, feature = \"c\"))]\n#[d] fn e() { crate::one::A; }",
        "pub struct B; use crate::one; use ::one::A;",
    ] {
        assert_eq!(in_crate(&[root, one, ("two.rs", two)]), [""; 0], "{two}");
    }
}

#[test]
fn a_circle_may_be_a_long_way_around() {
    let files = [
        ("main.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "use crate::b::B; pub fn a() {}"),
        ("b.rs", "use crate::c::C; pub struct B;"),
        ("c.rs", "\npub struct C; fn c() { crate::a::a() }"),
        ("d.rs", "use crate::a::a;"),
    ];
    assert_eq!(in_crate(&files), ["1: a.rs:1 → b.rs, b.rs:1 → c.rs, c.rs:2 → a.rs"]);
}

#[test]
fn what_is_handed_on_is_looked_for_where_it_is_defined() {
    let inner = ("inner/mod.rs", "mod one; mod two;\npub(crate) use {one::A, two::*};");
    let one = ("inner/one.rs", "use super::B; pub struct A;");
    let of =
        |root: &str, two: &str| in_crate(&[("lib.rs", root), inner, one, ("inner/two.rs", two)]);
    let root = "mod inner;\npub use inner::{A as First, B};";
    assert_eq!(of(root, "pub struct B;"), [""; 0]);
    let wrong = ["1: one.rs:1 → two.rs, two.rs:1 → one.rs"];
    assert_eq!(of(root, "use crate::First; pub struct B;"), wrong);
    assert_eq!(of(root, "use crate::inner::A; pub struct B;"), wrong);
    assert_eq!(of("mod inner; use inner::*;", "use crate::A; pub struct B;"), wrong);
}

#[test]
fn a_module_that_uses_what_it_hands_on_needs_it() {
    let child = ("child.rs", "use crate::Above; pub struct Below;");
    let of = |root: &str| in_crate(&[("lib.rs", root), child]);
    assert_eq!(of("mod child; pub use child::Below; pub struct Above;"), [""; 0]);
    let wrong = ["1: child.rs:1 → lib.rs, lib.rs:1 → child.rs"];
    assert_eq!(of("mod child; pub use child::Below; pub struct Above(Below);"), wrong);
    assert_eq!(of("mod child; pub struct Above(child::Below);"), wrong);
    assert_eq!(of("mod child; use child::Below; pub struct Above;"), wrong);
}

#[test]
fn modules_are_found_in_braces_and_at_the_path_they_name() {
    let root = "mod outer { pub mod one; }\n#[path = \"odd.rs\"]\nmod two;";
    let files = [
        ("main.rs", root),
        ("outer/one.rs", "use crate::two::B; pub struct A;"),
        ("odd.rs", "use crate::outer::one::A; pub struct B;"),
    ];
    assert_eq!(in_crate(&files), ["1: odd.rs:1 → outer/one.rs, outer/one.rs:1 → odd.rs"]);
}

#[test]
fn a_package_takes_licences_badges_and_whole_links_with_it() {
    let stated = "[package]\nname = \"a\"\nrepository.workspace = true\nreadme = \"README.md\"\n\
                  [package.metadata.docs.rs]\nall-features = true\nrustdoc-args = []\n";
    let of = |manifest: &str, licence: &str, root: &str, readme: &str| {
        let files = [
            file("LICENSE-APACHE", "2.0"),
            file("LICENSE-MIT", "free"),
            file("a/Cargo.toml", manifest),
            file("a/LICENSE-APACHE", "2.0"),
            file("a/LICENSE-MIT", licence),
            file("a/README.md", readme),
            file("a/src/lib.rs", root),
        ];
        found(packages::check(&files))
    };
    let root = "//! Docs.\n#![cfg_attr(docsrs, feature(doc_cfg))]\n";
    let links =
        "[a](https://a.example) [b](#b) `[u8]`\n```rust\nd[0](1)\n```\n[c]: https://c.example\n";
    assert_eq!(of(stated, "free", root, links), [""; 0]);
    let unpublished = stated.replace("[package.", "publish = false\n[package.");
    assert_eq!(of(&unpublished, "none", "", "[a](b)"), [""; 0]);

    let bare = of("[package]\nname = \"a\"\n", "free", root, "");
    let missing = |key, table| format!("1: no `{key}` in [{table}]");
    let docs = "package.metadata.docs.rs";
    let wrong = [
        missing("repository", "package"),
        missing("readme", "package"),
        missing("all-features", docs),
        missing("rustdoc-args", docs),
    ];
    assert_eq!(bare, wrong);
    assert_eq!(of(stated, "none", root, ""), ["1: LICENSE-MIT is not that of the repository"]);
    assert_eq!(of(stated, "free", "//! Docs.\n", "").len(), 1);
    let wrong = "is in this repository only";
    assert_eq!(of(stated, "free", root, "\n[a](../b.md)"), [format!("2: ../b.md {wrong}")]);
    assert_eq!(of(stated, "free", root, "[a]: b#c\n"), [format!("1: b#c {wrong}")]);
}
