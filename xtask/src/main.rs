//! The project's own commands: `cargo xtask --help`.

mod bench;
mod beside;
mod chromium;
mod command;
mod debian;
mod demo;
mod dependencies;
mod failure;
mod features;
mod fuzz;
mod libraries;
mod nginx;
mod node;
mod paths;
mod python;
mod schemathesis;
mod semver;
mod setup;
mod soak;
mod steps;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::Parser;

use steps::Steps;

/// Sets up, shows, tests and tidies this project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Xtask {
    /// Fetch what is missing of mongod, Chromium, nginx, Python with Flask, schemathesis, cargo-nextest, cargo-fuzz and the page's packages.
    Setup,
    /// Run the log server with a simulated pipeline, and print the page's address.
    Demo(demo::Options),
    /// Run every check there is, against real servers and a real browser.
    Test(test::Options),
    /// Measure, and write BENCHMARKS.md.
    #[command(subcommand)]
    Bench(bench::Options),
    /// Run the fuzz targets, 20 seconds each or as long as you say.
    Fuzz(fuzz::Options),
    /// Bring faults about on real servers with ever new seeds, and count what clients lost.
    Soak(soak::Options),
    /// Compare what the libraries bring into their users' builds with the lists that say so.
    Dependencies(dependencies::Options),
    /// Compare the libraries' API with the one that was promised.
    Semver(semver::Options),
    /// Check the rules of layout that no compiler knows.
    Tidy,
}

fn main() -> ExitCode {
    let passed = match Xtask::parse() {
        Xtask::Setup => {
            let mut steps = Steps::default();
            setup::everything(&mut steps);
            steps.summary()
        }
        Xtask::Demo(options) => report(demo::run(&options)),
        Xtask::Test(options) => test::run(&options),
        Xtask::Bench(options) => report(bench::run(&options)),
        Xtask::Fuzz(options) => fuzz::run(&options),
        Xtask::Soak(options) => soak::run(&options),
        Xtask::Dependencies(options) => report(dependencies::run(&options)),
        Xtask::Semver(options) => semver::run(&options),
        Xtask::Tidy => report(tidy::run()),
    };
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn report(result: Result<(), failure::Failure>) -> bool {
    match result {
        Ok(()) => true,
        Err(failure) => {
            println!("\nfailed: {failure}");
            false
        }
    }
}
