//! The beginning of a connection that is encrypted.

use std::io;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::StallLimit;
use crate::error::BoxError;
use crate::linger::linger;
use crate::protocol::Protocol;
use crate::rewound::Rewound;
use crate::shutdown::Shutdown;
use crate::socket::Socket;
use crate::transport::Transport;

/// How much that is encrypted waits for a client to read, beside what it does anyway.
const BUFFER: usize = 16 * 1024;

/// What a client is told that does not encrypt.
const PLAIN: &str = "HTTP/1.1 400 Bad Request\r\n\
    content-type: text/plain; charset=utf-8\r\ncontent-length: 51\r\nconnection: close\r\n\r\n\
    this port speaks HTTPS: ask with https:// instead\r\n";

/// Agrees with the client on how to encrypt, and on what to speak.
pub(crate) async fn begin(
    socket: StallLimit<Transport>,
    tls: Arc<ServerConfig>,
    shutdown: Shutdown,
) -> Result<(Protocol, Rewound<Socket>), BoxError> {
    let mut socket = Rewound::look(socket, |begin| !begin.is_empty()).await?;
    // No message of a handshake begins like a method.
    if socket.unread()[0].is_ascii_uppercase() {
        socket.write_all(PLAIN.as_bytes()).await?;
        linger(socket, shutdown).await;
        return Err("the client does not encrypt, as it has to here".into());
    }
    let limit = |session: &mut tokio_rustls::rustls::ServerConnection| {
        session.set_buffer_limit(Some(BUFFER));
    };
    let accepted = TlsAcceptor::from(tls).accept_with(socket, limit).await;
    let stream = Box::new(accepted.map_err(|error| failed(&error))?);
    match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => Ok((Protocol::Http2, Rewound::new(Socket::Tls(stream)))),
        Some(_) => Ok((Protocol::Http1, Rewound::new(Socket::Tls(stream)))),
        None => Ok(Protocol::of(Socket::Tls(stream)).await?),
    }
}

fn failed(error: &io::Error) -> BoxError {
    format!("the TLS handshake failed: {error}").into()
}
