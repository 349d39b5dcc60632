//! A set of keys that is fetched over TLS, by the program itself.

use std::process::Command;
use std::sync::Arc;

use jsonwebtoken::Algorithm::EdDSA;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::PrivateKeyDer;
use testbed::{Program, Visit};
use tokio_rustls::TlsAcceptor;

use crate::LONG;
use crate::key_server::{Answers, KeyServer};
use crate::signer::{Signer, key_set};
use crate::tokens::{ISSUED, claims};

const LOGS: &str = "/wfm/workflow/workspace/etl/workflow/orders/logs";

fn acceptor(CertifiedKey { cert, signing_key }: &CertifiedKey<KeyPair>) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let private = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], private)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// How a token is answered whose keys are at this host, by a server that trusts this certificate.
fn status(host: &str, trusted: &str, token: &str) -> u16 {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let config = format!("[jwt]\njwks-url = \"https://{host}/keys?of=us\"\n{ISSUED}\n");
    let store = format!("sqlite:{}", folder.path().join("logs.db").display());
    let mut command = Command::new(env!("CARGO_BIN_EXE_log-server"));
    command.args(["--listen", "127.0.0.1:0", "--store", &store, "--config"]);
    command.arg(file("config.toml", &config)).env("SSL_CERT_FILE", file("ca.pem", trusted));
    let mut program = Program::spawn(command, |_| {}).unwrap();
    let address = program.line("listening on http://", LONG).unwrap();
    let authorization = [("Authorization", &*format!("Bearer {token}"))];
    Visit::get(address.trim_end_matches('/'), LOGS, &authorization).unwrap().status
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_taken_over_tls_only_from_whom_the_system_trusts() {
    let [key, other] =
        [(); 2].map(|()| generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap());
    let signer = Signer::new(EdDSA, "one");
    let keys = Answers::Keys(key_set(&[&signer]), "");
    let server = KeyServer::over_tls(acceptor(&key), keys).await;
    let token = signer.sign(&claims());
    let port = server.address.port();
    for (host, trusted, expected) in [
        ("localhost", key.cert.pem(), 200),
        ("localhost", other.cert.pem(), 503),
        // The certificate is for another name.
        ("127.0.0.1", key.cert.pem(), 503),
    ] {
        let (host, token) = (format!("{host}:{port}"), token.clone());
        let status = tokio::task::spawn_blocking(move || status(&host, &trusted, &token));
        assert_eq!(status.await.unwrap(), expected, "{port}");
    }
}
