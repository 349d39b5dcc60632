//! A server of key sets that does whatever servers do.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::LONG;

/// What it answers.
#[derive(Clone, Debug)]
pub(crate) enum Answers {
    /// A set, with this header besides.
    Keys(String, &'static str),
    /// These bytes, whatever they are, and the end of the connection.
    Bytes(Vec<u8>),
    /// Nothing, for ever.
    Nothing,
    /// A body of this many bytes, without an end before.
    Much(usize),
}

pub(crate) struct KeyServer {
    pub(crate) address: SocketAddr,
    answers: Arc<Mutex<Answers>>,
    asked: watch::Sender<usize>,
    sent: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl KeyServer {
    pub(crate) async fn start(answers: Answers) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), answers).await
    }

    pub(crate) async fn start_at(address: SocketAddr, answers: Answers) -> Self {
        Self::serve(address, None, answers).await
    }

    pub(crate) async fn over_tls(acceptor: TlsAcceptor, answers: Answers) -> Self {
        Self::serve("127.0.0.1:0".parse().unwrap(), Some(acceptor), answers).await
    }

    async fn serve(address: SocketAddr, tls: Option<TlsAcceptor>, answers: Answers) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let answers = Arc::new(Mutex::new(answers));
        let (asked, sent) = (watch::Sender::new(0), Arc::<AtomicUsize>::default());
        let task = tokio::spawn({
            let (answers, asked, sent) = (answers.clone(), asked.clone(), sent.clone());
            async move {
                loop {
                    let (socket, _) = listener.accept().await.unwrap();
                    asked.send_modify(|times| *times += 1);
                    let answer = answers.lock().unwrap().clone();
                    let (sent, tls) = (sent.clone(), tls.clone());
                    tokio::spawn(async move {
                        // How it ends is the other side's affair.
                        let _ = match tls {
                            Some(tls) => match tls.accept(socket).await {
                                Ok(socket) => reply(socket, answer, &sent).await,
                                Err(error) => Err(error),
                            },
                            None => reply(socket, answer, &sent).await,
                        };
                    });
                }
            }
        });
        Self { address, answers, asked, sent, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/keys?of=us", self.address)
    }

    pub(crate) fn answer(&self, answers: Answers) {
        *self.answers.lock().unwrap() = answers;
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        *self.asked.borrow()
    }

    /// How many bytes of large bodies were taken from it.
    pub(crate) fn sent(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }

    /// Waits until it was asked so often.
    pub(crate) async fn was_asked(&self, times: usize) {
        let mut asked = self.asked.subscribe();
        let asked = timeout(LONG, asked.wait_for(|asked| *asked >= times)).await;
        asked.expect("it is asked").unwrap();
    }
}

async fn reply(
    mut socket: impl AsyncRead + AsyncWrite + Unpin,
    answer: Answers,
    sent: &AtomicUsize,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await?);
    }
    assert!(head.starts_with(b"GET /keys?of=us HTTP/1.1\r\n"));
    match answer {
        Answers::Keys(text, header) => {
            let length = text.len();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n{header}\r\n");
            socket.write_all(format!("{head}{text}").as_bytes()).await?;
            socket.flush().await
        }
        Answers::Bytes(bytes) => socket.write_all(&bytes).await,
        Answers::Nothing => std::future::pending().await,
        Answers::Much(bytes) => {
            socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"keys\": [").await?;
            let piece = vec![b' '; 64 << 10];
            while sent.load(Ordering::SeqCst) < bytes {
                socket.write_all(&piece).await?;
                sent.fetch_add(piece.len(), Ordering::SeqCst);
            }
            socket.write_all(b"]}").await
        }
    }
}
