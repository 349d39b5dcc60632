//! What a client speaks, by the first bytes that it sends.

use std::io;

use tokio::io::AsyncRead;

use crate::rewound::{LOOK, Rewound};

/// HTTP/2 begins with a [preface][preface], and no method of HTTP/1.1 begins like it.
///
/// [preface]: https://www.rfc-editor.org/rfc/rfc9113#section-3.4
const PREFACE: &[u8; LOOK] = b"PRI";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

impl Protocol {
    /// Reads until it is clear.
    pub(crate) async fn of<T: AsyncRead + Unpin>(socket: T) -> io::Result<(Self, Rewound<T>)> {
        let socket = Rewound::look(socket, |begin| !PREFACE.starts_with(begin)).await?;
        let protocol = if socket.unread() == PREFACE { Self::Http2 } else { Self::Http1 };
        Ok((protocol, socket))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by it")]

    use std::future::{Future, poll_fn};
    use std::pin::pin;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_stops_within_the_preface_is_not_looked_at_until_it_sends_more() {
        let (server, mut client) = duplex(100);
        let mut polls = 0;
        let mut spoken = pin!(Protocol::of(server));
        let counted = poll_fn(|context| {
            polls += 1;
            spoken.as_mut().poll(context)
        });
        let sent = async {
            for byte in b"PRI" {
                sleep(Duration::from_secs(10)).await;
                client.write_all(&[*byte]).await.unwrap();
            }
        };
        let (spoken, ()) = tokio::join!(counted, sent);
        assert_eq!(spoken.unwrap().0, Protocol::Http2);
        // Once to begin with, and at most once for each thing that the other side did.
        assert!(polls <= 8, "{polls}");
    }

    #[tokio::test]
    async fn what_was_looked_at_is_read_once_more_with_what_follows() {
        for (sent, protocol) in [
            ("GET / HTTP/1.1", Protocol::Http1),
            ("PATCH / HTTP/1.1", Protocol::Http1),
            ("PRI * HTTP/2.0", Protocol::Http2),
        ] {
            for room in [1, 2, 100] {
                let (server, mut client) = duplex(100);
                client.write_all(sent.as_bytes()).await.unwrap();
                drop(client);
                let (spoken, mut server) = Protocol::of(server).await.unwrap();
                assert_eq!(spoken, protocol);
                let (mut read, mut part) = (Vec::new(), vec![0; room]);
                while let count @ 1.. = server.read(&mut part).await.unwrap() {
                    read.extend_from_slice(&part[..count]);
                }
                assert_eq!(read, sent.as_bytes(), "{room} bytes at a time");
            }
        }
    }

    #[tokio::test]
    async fn a_client_that_leaves_within_the_preface_is_gone() {
        for sent in ["", "P", "PR"] {
            let (server, mut client) = duplex(100);
            client.write_all(sent.as_bytes()).await.unwrap();
            drop(client);
            let error = Protocol::of(server).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        }
    }
}
