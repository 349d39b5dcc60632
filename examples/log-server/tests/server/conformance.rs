//! What the server answers is what its description says: asked by schemathesis, which makes requests
//! out of the description, right and wrong ones.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;
use testbed::schemathesis;
use tokio::task::spawn_blocking;

use crate::access::setup::{ANN, tokens};
use crate::server::Server;
use crate::store::Store;

/// Which requests it makes; the same ones each time.
const SEED: &str = "20250922";

/// How many of each kind it makes for each path, beside those at the edges of each parameter.
const EXAMPLES: &str = "25";

/// Runs it against a server.
async fn explore(server: &Server, arguments: &[&str]) {
    let folder = TempDir::new().unwrap();
    let mut command = Command::new(schemathesis::find().unwrap());
    command
        .current_dir(folder.path())
        .arg("--config-file")
        .arg(beside("conformance.toml"))
        .arg("run")
        .arg(format!("http://{}/openapi.json", server.address))
        .args(["--seed", SEED, "--max-examples", EXAMPLES, "--phases", "coverage,fuzzing"])
        .args(["--request-timeout", "20", "--warnings", "off"])
        .args(arguments);
    let output = spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}{errors}{}", server.output());
    let generated = said.lines().find_map(|line| line.trim().split_once(" generated"));
    let asked: Option<u32> = generated.and_then(|(number, _)| number.replace(',', "").parse().ok());
    assert!(asked > Some(300), "it has asked: {said}");
}

/// A file of this folder.
fn beside(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "server", name].iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs schemathesis; cargo xtask test runs it"]
async fn nothing_that_is_asked_is_answered_otherwise_than_described() {
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address()]);
    explore(&server, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs schemathesis; cargo xtask test runs it"]
async fn nor_when_one_has_to_sign_in() {
    let all = "workspaces = [\"*\"]\nrights = [\"read\", \"append\", \"operate\"]";
    let store = Store::sqlite();
    let server = Server::configured(&store, &tokens(&[("ann", ANN, all)]));
    let header = format!("Authorization: Bearer {ANN}");
    // Ann would take back her own token.
    explore(&server, &["--header", &header, "--exclude-operation-id", "post_revocations"]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs schemathesis; cargo xtask test runs it"]
async fn pages_and_events_are_as_they_are_described() {
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address(), "--heartbeat", "200ms"]);
    let mut command = Command::new(schemathesis::python().unwrap());
    command.arg(beside("conforms.py")).arg(format!("http://{}", server.address));
    let output = spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}{}", server.output());
}
