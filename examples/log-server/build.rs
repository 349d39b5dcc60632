//! Builds the program anew when the page was built.

#![allow(clippy::print_stdout, reason = "cargo reads it")]

fn main() {
    println!("cargo::rerun-if-changed=../log-viewer/dist");
}
