//! Builds the program anew when the page was built.

fn main() {
    println!("cargo::rerun-if-changed=../log-viewer/dist");
}
