//! The program, with sign-in, over three workspaces of which nobody sees all.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use log_server::access::tokens::TokenHash;
use rcgen::{KeyPair, PKCS_ED25519};
use serde_json::{Value, json};
use tempfile::TempDir;
use testbed::Program;

use crate::attempt::{WORKSPACES, exchange};

/// Where the server writes who did what.
const AUDIT: &str = "audit.jsonl";

const START: Duration = Duration::from_secs(30);

/// May read and write `etl`.
pub(crate) const ANN: &str = "token-of-ann";
/// May read and write `sales`.
pub(crate) const BOB: &str = "token-of-bob";
/// May read and write everything.
const ADMIN: &str = "token-of-admin";
/// That of `HS256`.
pub(crate) const SECRET: &str = "a secret of at least 32 bytes for tokens";

pub(crate) struct Deployment {
    pub(crate) address: SocketAddr,
    /// Whose public half the server has.
    pub(crate) key: KeyPair,
    program: Program,
    folder: TempDir,
}

impl Deployment {
    /// With rows in every workspace, in a workflow whose name can be guessed and in one whose name
    /// cannot.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
            }
            path
        };
        let public = file("public.pem", &key.public_key_pem());
        let secret = file("secret", SECRET);
        let audit = folder.path().join(AUDIT);
        let config = file("log-server.toml", &config(&public, &secret, &audit));
        let mut command = Command::new(env!("CARGO_BIN_EXE_log-server"));
        command.args(["--listen", "127.0.0.1:0", "--config"]).arg(config);
        let store = folder.path().join("logs.db");
        command.arg("--store").arg(format!("sqlite:{}", store.display()));
        command.env("LOG_SERVER_SECRET", "a secret that only this test has");
        command.env("LOG_SERVER_LOG", "trace");
        let mut program = Program::spawn(command, |_| {}).unwrap();
        let address = program.line("listening on http://", START).unwrap();
        let address = address.trim_end_matches('/').parse().unwrap();
        let deployment = Self { address, key, program, folder };
        for workspace in WORKSPACES {
            for workflow in ["orders".to_owned(), format!("confidential-{workspace}")] {
                deployment.fill(workspace, &workflow).await;
            }
        }
        deployment
    }

    async fn fill(&self, workspace: &str, workflow: &str) {
        let row = |nth| json!({ "message": format!("SECRET-{workspace}-{nth}") }).to_string();
        let rows: String = (0..20).map(|nth| row(nth) + "\n").collect();
        let path = logs(workspace, workflow);
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Authorization: Bearer {ADMIN}\r\nContent-Type: application/x-ndjson\r\n\
             Content-Length: {}\r\n\r\n{rows}",
            rows.len()
        );
        let answer = exchange(self.address, request.as_bytes()).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }

    /// The answer to somebody with this token, as JSON.
    pub(crate) async fn json(&self, path: &str, token: &str) -> Value {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Authorization: Bearer {token}\r\n\r\n"
        );
        let answer = exchange(self.address, request.as_bytes()).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        let (from, to) = (body.find('{').unwrap(), body.rfind('}').unwrap());
        serde_json::from_str(&body[from..=to]).unwrap_or_else(|_| panic!("{body}"))
    }

    /// A cursor of a page of `sales`, and the position behind it.
    pub(crate) async fn position_in_sales(&self) -> [String; 2] {
        let page = self.json(&(logs("sales", "orders") + "?limit=3"), BOB).await;
        ["next", "stream_position"].map(|name| page[name].as_str().unwrap().to_owned())
    }

    /// A token that is right, of somebody who may read `etl`, but for what is changed.
    pub(crate) fn claims(change: impl FnOnce(&mut Value)) -> Value {
        let mut claims = json!({
            "sub": "cem", "iss": "https://issuer.example", "aud": "logs",
            "exp": 4_102_444_800_u64, "workspaces": ["etl"],
        });
        change(&mut claims);
        claims
    }

    /// These claims, signed as they should be.
    pub(crate) fn signed(&self, claims: &Value) -> String {
        let key = EncodingKey::from_ed_pem(self.key.serialize_pem().as_bytes()).unwrap();
        jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), claims, &key).unwrap()
    }

    /// What it was asked has hurt it nowhere.
    pub(crate) async fn is_well(&self) {
        let page = self.json(&logs("etl", "orders"), ANN).await;
        assert_eq!(page["logs"].as_array().unwrap().len(), 20, "{page}");
        let cem = self.signed(&Self::claims(|_| {}));
        let page = self.json(&logs("etl", "orders"), &cem).await;
        assert_eq!(page["logs"].as_array().unwrap().len(), 20, "{page}");
        let output = self.program.output();
        for word in ["panicked", "defect", "ERROR"] {
            assert!(!output.contains(word), "{output}");
        }
        let audit = std::fs::read_to_string(self.folder.path().join(AUDIT)).unwrap();
        let says_much = output.contains("following the log") && audit.lines().count() > 20;
        assert!(says_much, "{output}\n{audit}");
        // What was searched for is in neither as well.
        for word in [ANN, BOB, ADMIN, SECRET, "SECRET-", "eyJhbGciOi"] {
            for text in [&output, &audit] {
                let found = text.lines().find(|line| line.contains(word));
                assert_eq!(found, None, "a log has {word}");
            }
        }
    }
}

/// The path of a workflow's logs.
pub(crate) fn logs(workspace: &str, workflow: &str) -> String {
    format!("/wfm/workflow/workspace/{workspace}/workflow/{workflow}/logs")
}

fn config(public: &Path, secret: &Path, audit: &Path) -> String {
    let token = |name: &str, token: &str, workspaces: &str, rights: &str| {
        let hash = TokenHash::of(token);
        format!(
            "[[token]]\nname = \"{name}\"\nsha256 = \"{hash}\"\nworkspaces = [{workspaces}]\n\
             rights = [{rights}]\n"
        )
    };
    let both = "\"read\", \"append\"";
    let (public, secret) = (public.display(), secret.display());
    [
        token("ann", ANN, "\"etl\"", both),
        token("bob", BOB, "\"sales\"", both),
        token("admin", ADMIN, "\"*\"", "\"read\", \"append\", \"operate\""),
        format!(
            "[jwt]\nkey-files = [\"{public}\"]\nsecret-file = \"{secret}\"\n\
             issuer = \"https://issuer.example\"\naudience = \"logs\"\n\
             workspaces-claim = \"workspaces\"\n[audit]\nto = \"{}\"\n",
            audit.display()
        ),
    ]
    .concat()
}
