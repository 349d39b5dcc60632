//! What the axum adapter adds to the time that a program takes to build.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::beside::{self, AXUM_ALONE, AXUM_AND_OURS};
use crate::command::{cargo, run as run_command};
use crate::failure::Failure;
use crate::paths;

/// Enough to see that rounds agree; the fastest counts, as what disturbs only ever adds.
const ROUNDS: usize = 3;

/// Builds both programs from nothing in turn, and gives the section that says how long that took.
pub(super) fn measure() -> Result<String, Failure> {
    let workspace = beside::write()?;
    let programs = [AXUM_ALONE, AXUM_AND_OURS];
    // So that no download is measured.
    run_command(&mut on("fetch", &workspace))?;
    let mut fastest = [Duration::MAX; 2];
    for _ in 0..ROUNDS {
        for (program, fastest) in programs.iter().zip(&mut fastest) {
            *fastest = (*fastest).min(from_nothing(program, &workspace)?);
        }
    }
    Ok(section(fastest))
}

fn on(act: &str, workspace: &Path) -> std::process::Command {
    let mut cargo = cargo(act);
    cargo.arg("--manifest-path").arg(workspace);
    cargo
}

fn from_nothing(program: &str, workspace: &Path) -> Result<Duration, Failure> {
    let directory = paths::target().join("bench").join("build");
    if directory.exists() {
        fs::remove_dir_all(&directory).map_err(Failure::io("empty target/bench/build"))?;
    }
    let mut build = on("build", workspace);
    build.args(["--quiet", "--jobs", "1", "--package", program, "--target-dir"]).arg(&directory);
    let began = Instant::now();
    run_command(&mut build)?;
    Ok(began.elapsed())
}

fn section([alone, ours]: [Duration; 2]) -> String {
    let mut section = format!(
        "## Building\n\nA debug build of a program from nothing, with one job; the fastest of \
         {ROUNDS} rounds. `gapless-sse-axum` is without features.\n\n\
         ```sh\ncargo xtask bench build\n```\n\n\
         | program | seconds |\n| --- | ---: |\n"
    );
    let added = ours.saturating_sub(alone);
    let rows = [("axum", alone), ("axum, `gapless-sse-axum`", ours), ("added", added)];
    for (program, took) in rows {
        let _ = writeln!(section, "| {program} | {:.1} |", took.as_secs_f64());
    }
    section
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_is_a_row_of_its_own() {
        let section = section([Duration::from_secs(10), Duration::from_millis(12_340)]);
        assert!(section.starts_with("## Building\n"));
        assert!(
            section.ends_with(
                "| axum | 10.0 |\n| axum, `gapless-sse-axum` | 12.3 |\n| added | 2.3 |\n"
            )
        );
    }
}
