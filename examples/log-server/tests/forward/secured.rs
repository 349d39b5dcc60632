//! A service that is asked over TLS.

use std::sync::Arc;

use log_server::access::forward::ForwardAuth;
use log_server::access::{Denied, Reason, Right};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;

use crate::service::{forward, headers, place};

/// A service at a port of this machine that says yes, to whoever trusts its certificate.
async fn service(key: &CertifiedKey<rcgen::KeyPair>) -> u16 {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let private = PrivateKeyDer::Pkcs8(key.signing_key.serialize_der().into());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![key.cert.der().clone()], private)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let Ok(mut socket) = acceptor.accept(socket).await else { continue };
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(socket.read_u8().await.unwrap());
            }
            let _ = socket.write_all(b"HTTP/1.1 204 No Content\r\nLog-User: ann\r\n\r\n").await;
        }
    });
    port
}

async fn ask(config: &ForwardAuth) -> Result<Box<str>, Denied> {
    let said = forward(config).ask(&headers(&[]), Right::Read, &place("etl", "a")).await;
    said.map(|caller| caller.user)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_service_with_a_trusted_certificate_is_believed() {
    let key = generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let port = service(&key).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, key.cert.pem()).unwrap();

    let mut config = ForwardAuth::at(format!("https://localhost:{port}/may"));
    assert_eq!(ask(&config).await.unwrap_err().reason, Reason::Unavailable);
    config.ca_file = Some(file.clone());
    assert_eq!(&*ask(&config).await.unwrap(), "ann");
    // Its certificate is for another name.
    config.url = format!("https://127.0.0.1:{port}/may");
    assert_eq!(ask(&config).await.unwrap_err().reason, Reason::Unavailable);
    config.url = format!("https://localhost:{port}/may");
    let other = generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(&file, other.cert.pem()).unwrap();
    assert_eq!(ask(&config).await.unwrap_err().reason, Reason::Unavailable);
}
