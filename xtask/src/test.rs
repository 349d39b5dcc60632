//! `cargo xtask test`: everything there is to check, one step after the other.

use std::fs;

use clap::{Args, ValueEnum};
use testbed::{flask, mongod, schemathesis};

use crate::command::{cargo, read, run as run_command, run_and_keep};
use crate::failure::Failure;
use crate::fuzz;
use crate::node::{self, npm};
use crate::setup::{self, Need};
use crate::steps::Steps;
use crate::{beside, chromium, dependencies, features, libraries, nginx, paths, tidy};

/// What `test` may be told.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Take this step only, with what it needs; may be given several times.
    #[arg(long, value_name = "STEP")]
    only: Vec<Step>,
    /// Put the browser's screenshot of the page into docs/.
    #[arg(long)]
    update_screenshots: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Step {
    /// Formatting, the fuzz crate's too.
    Fmt,
    /// Rules of layout: `cargo xtask tidy`.
    Tidy,
    /// The page: types, lints, units, build.
    Page,
    /// Clippy with every warning an error.
    Clippy,
    /// The libraries without features and with each alone, and the core with next to no crates.
    Features,
    /// What the libraries switch on in other crates is what their lists say.
    Dependencies,
    /// An application beside each library is as it is without; few crates come with the adapter.
    Beside,
    /// All tests in Rust, those against real servers included.
    Tests,
    /// The examples in the documentation.
    Doctests,
    /// The documentation's links.
    Doc,
    /// The fuzz targets, 20 seconds each.
    Fuzz,
    /// The libraries make packages.
    Package,
    /// The page in a browser, on the real server.
    E2e,
}

/// Runs the steps, and says whether all of them passed.
pub(crate) fn run(options: &Options) -> bool {
    let chosen: Vec<Step> = Step::value_variants()
        .iter()
        .copied()
        .filter(|step| options.only.is_empty() || options.only.contains(step))
        .collect();
    let mut steps = Steps::default();
    for need in Need::ALL {
        if chosen.iter().any(|step| step.needs().contains(&need)) {
            need.ensure(&mut steps);
        }
    }
    for step in chosen {
        // A step that failed does not keep the others from saying what they found.
        steps.take(&step.name(), || step.run(options));
    }
    steps.summary()
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    fn needs(self) -> &'static [Need] {
        match self {
            Self::Page => &[Need::Packages],
            Self::Tests => &[
                Need::Mongod,
                Need::Chromium,
                Need::Nginx,
                Need::Python,
                Need::Schemathesis,
                Need::Nextest,
            ],
            Self::Fuzz => &[Need::CargoFuzz],
            Self::E2e => &[Need::Mongod, Need::Chromium, Need::Nginx, Need::Packages],
            _ => &[],
        }
    }

    fn run(self, options: &Options) -> Result<(), Failure> {
        match self {
            Self::Fmt => {
                run_command(&mut cargo("fmt --check"))?;
                run_command(&mut cargo("fmt --check --manifest-path fuzz/Cargo.toml"))
            }
            Self::Tidy => tidy::run(),
            Self::Page => {
                run_command(&mut npm("run check")?)?;
                run_command(&mut npm("test")?)?;
                node::build()
            }
            Self::Clippy => run_command(&mut cargo(
                "clippy --workspace --all-targets --all-features -- -D warnings",
            )),
            Self::Features => features::check(),
            Self::Dependencies => dependencies::run(&dependencies::Options::default()),
            Self::Beside => beside::run(),
            Self::Tests => tests(),
            Self::Doctests => run_command(&mut cargo("test --doc --workspace --all-features")),
            Self::Doc => run_command(
                cargo("doc --workspace --all-features --no-deps")
                    .env("RUSTDOCFLAGS", "-D warnings"),
            ),
            Self::Fuzz => fuzz::every_target(),
            Self::Package => package(),
            Self::E2e => e2e(options),
        }
    }
}

/// Tests that need a server are ignored by a plain `cargo test`; here they always run.
fn tests() -> Result<(), Failure> {
    let mongod = mongod::find()?;
    let mut nextest =
        setup::nextest("run --workspace --all-features --run-ignored all --no-fail-fast")?;
    nextest.env("MONGOD", mongod).env("CHROMIUM", chromium::find()?).env("NGINX", nginx::find()?);
    run_and_keep(
        nextest.env("FLASK_PYTHON", flask::find()?).env("SCHEMATHESIS", schemathesis::find()?),
    )
}

fn package() -> Result<(), Failure> {
    const NEEDED: [&str; 3] = ["LICENSE-APACHE", "LICENSE-MIT", "README.md"];
    // One call for all of them: they depend on each other, and none is published yet.
    let mut package = cargo("package --no-verify --allow-dirty");
    for library in libraries::all()? {
        let name = library.name();
        let list = format!("package --list --allow-dirty --package {name}");
        let files = read(&mut cargo(&list))?;
        if let Some(missing) = NEEDED.iter().find(|&&needed| !files.lines().any(|f| f == needed)) {
            return Err(Failure::Found(format!("the package of {name} has no {missing}")));
        }
        println!("{} is a package of {} files", library.folder, files.lines().count());
        package.args(["--package", name]);
    }
    run_command(&mut package)
}

fn e2e(options: &Options) -> Result<(), Failure> {
    let screenshots = paths::target().join("screenshots");
    fs::create_dir_all(&screenshots).map_err(Failure::io("create target/screenshots"))?;
    // The page first: the server takes it in when it is built.
    node::build()?;
    run_command(&mut cargo("build --package log-server"))?;
    run_command(
        npm("run e2e")?
            .env("LOG_SERVER", paths::log_server("debug"))
            .env("MONGOD", mongod::find()?)
            .env("CHROMIUM", chromium::find()?)
            .env("NGINX", nginx::find()?)
            .env("SCREENSHOTS", &screenshots),
    )?;
    if options.update_screenshots {
        let docs = paths::root().join("docs");
        fs::create_dir_all(&docs).map_err(Failure::io("create docs"))?;
        let light = screenshots.join("viewer-light.png");
        fs::copy(light, docs.join("log-viewer.png"))
            .map_err(Failure::io("copy viewer-light.png of the browser's tests to docs"))?;
        println!("docs/log-viewer.png is new");
    }
    Ok(())
}
