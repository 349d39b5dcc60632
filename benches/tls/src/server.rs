//! The server, in a process of its own.

use std::convert::Infallible;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use axum::{Router, routing::get};
use futures_util::stream;
use gapless_sse_axum::{Certificates, Event, Sse, Tls, bind};
use rcgen::KeyPair;
use tempfile::TempDir;

use crate::Failure;

/// The first argument of the process.
pub const ROLE: &str = "serve";

/// For whom the certificate is.
pub const NAME: &str = "localhost";

pub struct Server {
    process: Child,
    folder: TempDir,
    pub address: SocketAddr,
}

/// Serves streams in which nothing happens; over TLS with these two files.
pub async fn serve(files: &[String]) -> Result<(), Failure> {
    let quiet = async || Sse::new(stream::pending::<Result<Event, Infallible>>());
    let router = Router::new().route("/", get(quiet));
    let listener = bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let never = std::future::pending();
    if let [chain, key] = files {
        let listener = Tls::new(listener, Certificates::read(chain, key)?);
        gapless_sse_axum::serve(listener, router, never).await;
    } else {
        gapless_sse_axum::serve(listener, router, never).await;
    }
    Ok(())
}

impl Server {
    pub fn start(tls: bool) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let [chain, key] = ["chain.pem", "key.pem"].map(|name| folder.path().join(name));
        let pair = KeyPair::generate()?;
        let certificate = rcgen::CertificateParams::new([NAME.to_owned()])?.self_signed(&pair)?;
        fs::write(&chain, certificate.pem())?;
        fs::write(&key, pair.serialize_pem())?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(ROLE).stdout(Stdio::piped());
        if tls {
            command.args([&chain, &key]);
        }
        let mut process = command.spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        Ok(Self { process, folder, address: line.trim().parse()? })
    }

    pub fn chain(&self) -> PathBuf {
        self.folder.path().join("chain.pem")
    }

    /// Its memory: proportional set size, in bytes.
    pub fn memory(&self) -> Result<f64, Failure> {
        let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.process.id()))?;
        let size = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        let kilobytes = size.and_then(|size| size.trim().strip_suffix(" kB")).ok_or("no size")?;
        Ok(kilobytes.parse::<f64>()? * 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
