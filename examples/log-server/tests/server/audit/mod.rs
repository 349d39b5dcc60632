//! What the audit says, and that it holds nothing up.

mod discretion;
mod floods;
mod lines;
mod outages;
mod paths;
mod sign_ins;

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use log_server::access::tokens::TokenHash;
use serde_json::Value;
use tempfile::TempDir;
use testbed::{Program, eventually};

use crate::http::{self, Answer};
use crate::store::LOGS;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server with an audit, two users and a folder of its own.
struct Audited {
    folder: TempDir,
    program: Program,
    /// All that it has printed.
    printed: Arc<Mutex<String>>,
    address: SocketAddr,
}

const ANN: &str = "ann-token-Zq7fXw2Lr9";
const OPS: &str = "ops-token-Bn4kYs8Td1";

impl Audited {
    /// One whose audit is written there, in its folder unless it is standard output.
    fn start(to: &str) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), to, None, |server| Command::new(server))
    }

    /// One that is started in a way of its own, in this folder, over a store of its own there
    /// unless another is named.
    fn start_in(
        folder: TempDir,
        to: &str,
        store: Option<&str>,
        command: impl FnOnce(&str) -> Command,
    ) -> Self {
        let here = folder.path();
        let file = format!("sqlite:{}", here.join("logs.db").display());
        let to = if to == "stdout" { to.into() } else { here.join(to).display().to_string() };
        let (ann, ops) = (TokenHash::of(ANN), TokenHash::of(OPS));
        let config = format!(
            "[audit]\nto = \"{to}\"\n\
             [[token]]\nname = \"ann-1\"\nuser = \"ann\"\nsha256 = \"{ann}\"\n\
             workspaces = [\"etl\"]\nrights = [\"read\", \"append\"]\n\
             [[token]]\nname = \"ops-1\"\nuser = \"ops\"\nsha256 = \"{ops}\"\n\
             rights = [\"operate\"]\n",
        );
        fs::write(here.join("server.toml"), config).unwrap();
        let mut command = command(env!("CARGO_BIN_EXE_log-server"));
        command.args(["--listen", "127.0.0.1:0", "--heartbeat", "1s"]);
        command.args(["--store", store.unwrap_or(&file)]);
        command.arg("--config").arg(here.join("server.toml"));
        let printed = Arc::<Mutex<String>>::default();
        let kept = Arc::clone(&printed);
        let mut program = Program::spawn(command, move |line| {
            let mut kept = kept.lock().unwrap();
            kept.push_str(line);
            kept.push('\n');
        })
        .unwrap();
        let address = program.line("listening on http://", PATIENCE).unwrap();
        let address = address.trim_end_matches('/').parse().unwrap();
        Self { folder, program, printed, address }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn ask(&self, request: hyper::http::request::Builder, body: &str) -> Answer {
        http::ask(self.address, request.body(Full::new(Bytes::from(body.to_owned()))).unwrap())
            .await
    }

    /// Writes a row as Ann.
    async fn append(&self, message: &str) -> Answer {
        let row = serde_json::json!({ "message": message }).to_string();
        let request = as_user(ANN, Request::post(LOGS)).header("content-type", "application/json");
        self.ask(request, &row).await
    }

    /// A figure of `/metrics`.
    async fn figure(&self, name: &str) -> u64 {
        let answer = self.ask(as_user(OPS, Request::get("/metrics")), "").await;
        let line = answer.text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name}: {answer:?}")).trim().parse().unwrap()
    }

    async fn lost(&self) -> HashMap<&'static str, u64> {
        let mut lost = HashMap::new();
        for kind in ["queue", "output"] {
            let name = format!("log_audit_lost_total{{kind=\"{kind}\"}}");
            lost.insert(kind, self.figure(&name).await);
        }
        lost
    }

    fn end(&mut self) {
        assert!(self.program.terminate().unwrap().success(), "{}", self.program.output());
    }
}

fn as_user(token: &str, request: hyper::http::request::Builder) -> hyper::http::request::Builder {
    request.header("authorization", format!("Bearer {token}"))
}

/// Every line of a file, each of which is JSON.
fn entries(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    let entry = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
    text.lines().map(entry).collect()
}

/// The entries of a file, once there is one of this event.
fn entries_until(path: &Path, event: &str) -> Vec<Value> {
    let found = eventually(PATIENCE, || {
        let entries = entries(path);
        entries.iter().any(|entry| entry["event"] == event).then_some(entries)
    });
    found.unwrap_or_else(|| panic!("no {event}: {:?}", fs::read_to_string(path)))
}

fn of<'e>(entries: &'e [Value], event: &str) -> Vec<&'e Value> {
    entries.iter().filter(|entry| entry["event"] == event).collect()
}
