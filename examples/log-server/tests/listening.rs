//! What the program listens on: Unix sockets, and ports with TLS.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::KeyPair;
use testbed::{Program, eventually};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::interval;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

const PATIENCE: Duration = Duration::from_secs(60);
const NAME: &str = "localhost";
const LOGS: &str = "/wfm/workflow/workspace/etl/workflow/orders/logs";

/// SHA-256 of the token `letmein`.
const TOKEN: &str = "1c8bfe8f801d79745c4631d09fff36c82aa37fc4cce4fc946683d7b336b63032";

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_log-server"));
    command.current_dir(folder).args(["--store", "sqlite:logs.db"]).args(arguments);
    command
}

fn start(folder: &Path, arguments: &[&str]) -> (Program, String) {
    let mut program = Program::spawn(command(folder, arguments), |_| {}).unwrap();
    let place = program.line("listening on ", PATIENCE).unwrap();
    (program, place)
}

/// What the program says when it does not start.
fn refusal(folder: &Path, arguments: &[&str]) -> String {
    let mut program = Program::spawn(command(folder, arguments), |_| {}).unwrap();
    let ended = eventually(PATIENCE, || program.status());
    assert!(!ended.expect("it ends").success(), "{arguments:?}");
    program.output()
}

/// Writes a new certificate and key.
fn renew(folder: &Path) {
    let key = KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new([NAME.to_owned()]).unwrap();
    fs::write(folder.join("cert.pem"), certificate.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
}

/// A client that believes the certificate as it is now.
fn trust(folder: &Path, protocol: &str) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.join("cert.pem")).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    TlsConnector::from(Arc::new(config))
}

async fn ask<T>(socket: T, http_2: bool, request: Request<Full<Bytes>>) -> Response<Incoming>
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let socket = TokioIo::new(socket);
    if http_2 {
        let (mut requests, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), socket).await.unwrap();
        tokio::spawn(connection);
        requests.send_request(request).await.unwrap()
    } else {
        let (mut requests, connection) =
            hyper::client::conn::http1::handshake(socket).await.unwrap();
        tokio::spawn(connection);
        requests.send_request(request).await.unwrap()
    }
}

fn get(path: &str) -> Request<Full<Bytes>> {
    let uri = format!("https://{NAME}{path}");
    Request::get(uri).header("host", NAME).body(Full::default()).unwrap()
}

fn append(line: &str) -> Request<Full<Bytes>> {
    let row = format!(r#"{{"level":"INFO","message":"{line}"}}"#);
    let mut request = get(LOGS);
    *request.method_mut() = hyper::Method::POST;
    let json = "application/json".parse().unwrap();
    request.headers_mut().insert("content-type", json);
    *request.body_mut() = Full::from(row);
    request
}

/// Reads a stream until it shows `words`.
async fn shows(stream: &mut Incoming, words: &str) {
    let shown = async {
        let mut read = String::new();
        while !read.contains(words) {
            let frame = stream.frame().await.expect("the stream goes on").unwrap();
            read.push_str(&String::from_utf8_lossy(frame.data_ref().unwrap()));
        }
    };
    tokio::time::timeout(PATIENCE, shown).await.expect(words);
}

#[tokio::test]
async fn a_unix_socket_is_local_and_serves_pages_and_streams() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let (mut program, place) = start(folder.path(), &["--listen", "unix:socket"]);
    assert_eq!(place, "unix:socket");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
    let connect = || UnixStream::connect(&path);
    let stream = format!("{LOGS}/stream");
    let mut stream = ask(connect().await.unwrap(), false, get(&stream)).await.into_body();
    let posted = ask(connect().await.unwrap(), false, append("over a socket")).await;
    assert!(posted.status().is_success(), "{}", posted.status());
    shows(&mut stream, "over a socket").await;
    // A name that some site might have made to point here is refused, as on a port.
    let mut foreign = get(LOGS);
    *foreign.uri_mut() = format!("http://evil.example{LOGS}").parse().unwrap();
    let refused = ask(connect().await.unwrap(), false, foreign).await;
    assert!(refused.status().is_client_error(), "{}", refused.status());

    // The file of logs is one server's too.
    let other = tempfile::tempdir().unwrap();
    let listen = format!("unix:{}", path.display());
    let said = refusal(other.path(), &["--listen", &listen]);
    assert!(said.contains(&format!("cannot listen on {listen}")), "{said}");
    assert!(said.contains("another server listens there"), "{said}");
    // One that could not end in order leaves its socket.
    program.kill();
    assert!(path.exists());
    let (_program, _) = start(folder.path(), &["--listen", "unix:socket"]);
    let ready = ask(connect().await.unwrap(), false, get("/healthz")).await;
    assert!(ready.status().is_success());
}

#[tokio::test]
async fn over_tls_all_is_served_and_a_new_certificate_is_taken_while_streams_are_open() {
    let folder = tempfile::tempdir().unwrap();
    renew(folder.path());
    let config = format!(
        "[tls]\ncert = \"cert.pem\"\nkey = \"key.pem\"\n\
         [[token]]\nname = \"ann-1\"\nuser = \"ann\"\nsha256 = \"{TOKEN}\"\nworkspaces = [\"*\"]\n\
         rights = [\"read\", \"append\"]"
    );
    fs::write(folder.path().join("server.toml"), config).unwrap();
    let arguments = ["--listen", "127.0.0.1:0", "--config", "server.toml"];
    let (mut program, place) = start(folder.path(), &arguments);
    let address = place.strip_prefix("https://").expect("it says so").trim_end_matches('/');
    let connect = async |protocol: &str| {
        let socket = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from(NAME).unwrap();
        trust(folder.path(), protocol).connect(name, socket).await
    };
    let signed_in = |mut request: Request<Full<Bytes>>| {
        let token = "Bearer letmein".parse().unwrap();
        request.headers_mut().insert("authorization", token);
        request
    };
    let mut streams = Vec::new();
    for protocol in ["http/1.1", "h2"] {
        let http_2 = protocol == "h2";
        let socket = connect(protocol).await.unwrap();
        let session = Request::post(format!("https://{NAME}/session")).header("host", NAME);
        let session = signed_in(session.body(Full::default()).unwrap());
        let answer = ask(socket, http_2, session).await;
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("; Secure"), "{cookie}");
        let strict = &answer.headers()["strict-transport-security"];
        assert!(strict.to_str().unwrap().starts_with("max-age="), "{strict:?}");
        let socket = connect(protocol).await.unwrap();
        let answer = ask(socket, http_2, signed_in(get(&format!("{LOGS}/stream")))).await;
        assert_eq!(answer.status(), 200);
        streams.push(answer.into_body());
    }

    fs::write(folder.path().join("cert.pem"), "not yet whole").unwrap();
    let stays = "the certificate before stays in use";
    eventually(PATIENCE, || program.output().contains(stays).then_some(())).expect("it says so");
    renew(folder.path());
    let (begin, mut again) = (Instant::now(), interval(Duration::from_millis(200)));
    let socket = loop {
        match connect("http/1.1").await {
            Ok(socket) => break socket,
            Err(error) => assert!(begin.elapsed() < PATIENCE, "{error}"),
        }
        again.tick().await;
    };
    let posted = ask(socket, false, signed_in(append("after the new certificate"))).await;
    assert!(posted.status().is_success(), "{}", posted.status());
    for mut stream in streams {
        shows(&mut stream, "after the new certificate").await;
    }
    assert!(program.terminate().unwrap().success());
    assert!(program.output().contains("loaded anew"), "{}", program.output());
}

#[test]
fn a_certificate_that_cannot_be_used_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    renew(folder.path());
    fs::write(folder.path().join("other.pem"), KeyPair::generate().unwrap().serialize_pem())
        .unwrap();
    for (arguments, words) in [
        (&["--tls-cert", "cert.pem"][..], "give both --tls-cert and --tls-key"),
        (&["--tls-key", "key.pem"], "give both --tls-cert and --tls-key"),
        (&["--tls-cert", "none.pem", "--tls-key", "key.pem"], "none.pem cannot be read"),
        (&["--tls-cert", "cert.pem", "--tls-key", "cert.pem"], "cert.pem holds no private key"),
        (&["--tls-cert", "cert.pem", "--tls-key", "other.pem"], "with the key in other.pem"),
        (&["--listen", "unix:"], "127.0.0.1:8080, or unix:PATH"),
        (&["--listen", "somewhere"], "127.0.0.1:8080, or unix:PATH"),
        (&["--listen", "unix:no/folder"], "cannot listen on unix:no/folder"),
        (&["--listen", "unix:cert.pem"], "there is a file that is no socket"),
    ] {
        let listen =
            if arguments[0] == "--listen" { &[][..] } else { &["--listen", "127.0.0.1:0"] };
        let said = refusal(folder.path(), &[listen, arguments].concat());
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    assert!(folder.path().join("cert.pem").exists());
}
