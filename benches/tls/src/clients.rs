//! Streams that are held open.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::failure::Failure;
use crate::server::{NAME, Server};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Over {
    Plain,
    Tls1_2,
    Tls1_3,
}

pub struct Clients {
    server: SocketAddr,
    tls: Option<TlsConnector>,
    open: Vec<Box<dyn Socket>>,
}

trait Socket: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Socket for T {}

impl Clients {
    pub fn new(over: Over, server: &Server) -> Result<Self, Failure> {
        let version = match over {
            Over::Plain => None,
            Over::Tls1_2 => Some(&TLS12),
            Over::Tls1_3 => Some(&TLS13),
        };
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(server.chain())?)?;
        let provider = Arc::new(ring::default_provider());
        let tls = version.map(|version| {
            let config = ClientConfig::builder_with_provider(provider)
                .with_protocol_versions(&[version])?
                .with_root_certificates(roots)
                .with_no_client_auth();
            Ok::<_, Failure>(TlsConnector::from(Arc::new(config)))
        });
        Ok(Self { server: server.address, tls: tls.transpose()?, open: Vec::new() })
    }

    /// Opens so many more.
    pub async fn open(&mut self, count: usize) -> Result<(), Failure> {
        for _ in 0..count {
            let socket = self.connect().await?;
            let mut socket: Box<dyn Socket> = match &self.tls {
                Some(tls) => Box::new(tls.connect(ServerName::try_from(NAME)?, socket).await?),
                None => Box::new(socket),
            };
            socket.write_all(REQUEST).await?;
            let (mut read, mut part) = (Vec::new(), [0; 1024]);
            while !has_begun(&read) {
                match socket.read(&mut part).await? {
                    0 => return Err("the server has ended a stream".into()),
                    count => read.extend_from_slice(&part[..count]),
                }
            }
            self.open.push(socket);
        }
        Ok(())
    }

    async fn connect(&self) -> Result<TcpStream, Failure> {
        let socket = TcpStream::connect(self.server).await?;
        // A handshake is several small writes.
        socket.set_nodelay(true)?;
        Ok(socket)
    }
}

/// Whether something of the body has come behind the head.
fn has_begun(read: &[u8]) -> bool {
    let head = read.windows(4).position(|end| end == b"\r\n\r\n");
    head.is_some_and(|head| read.len() > head + 4)
}
