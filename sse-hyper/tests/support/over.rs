//! What the server and the clients of a test program are connected by: TCP, unless the program is
//! named for something else.

use std::io;
use std::net::SocketAddr;

use gapless_sse_hyper::{InMemory, Listener, bind, bind_unix, in_memory};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A client's end.
pub(crate) type Socket = Box<dyn Io>;

pub(crate) enum Over {
    Tcp(SocketAddr),
    Unix(TempDir),
    Memory(InMemory),
    #[cfg(feature = "tls")]
    Tls(Box<Over>, super::tls::Trust),
}

impl Over {
    pub(crate) async fn listen() -> (Self, Box<dyn Listener>) {
        match env!("CARGO_CRATE_NAME") {
            "over_unix" => Self::unix(),
            "over_memory" => {
                let (clients, listener) = in_memory();
                (Self::Memory(clients), Box::new(listener))
            }
            #[cfg(feature = "tls")]
            "over_tls_1_2" => Self::tls(Self::unix(), super::tls::VERSION_1_2),
            #[cfg(feature = "tls")]
            "over_tls_1_3" => Self::tls(Self::tcp().await, super::tls::VERSION_1_3),
            _ => Self::tcp().await,
        }
    }

    async fn tcp() -> (Self, Box<dyn Listener>) {
        let listener = bind("127.0.0.1:0").await.unwrap();
        (Self::Tcp(listener.local_addr().unwrap()), Box::new(listener))
    }

    fn unix() -> (Self, Box<dyn Listener>) {
        let folder = tempfile::tempdir().unwrap();
        let listener = bind_unix(folder.path().join("socket"), 0o600).unwrap();
        (Self::Unix(folder), Box::new(listener))
    }

    #[cfg(feature = "tls")]
    fn tls(
        (over, listener): (Self, Box<dyn Listener>),
        version: super::tls::Version,
    ) -> (Self, Box<dyn Listener>) {
        let identity = super::tls::Identity::new();
        let listener = gapless_sse_hyper::Tls::new(listener, identity.certificates());
        (Self::Tls(Box::new(over), identity.trust(version, &[])), Box::new(listener))
    }

    pub(crate) async fn connect(&self) -> io::Result<Socket> {
        Ok(match self {
            Self::Tcp(address) => Box::new(TcpStream::connect(address).await?),
            Self::Unix(folder) => {
                Box::new(UnixStream::connect(folder.path().join("socket")).await?)
            }
            Self::Memory(clients) => Box::new(clients.connect()?),
            #[cfg(feature = "tls")]
            Self::Tls(over, trust) => {
                let socket = Box::pin(over.connect()).await?;
                Box::new(trust.connect(socket).await?)
            }
        })
    }
}
