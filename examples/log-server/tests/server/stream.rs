//! A client of a stream that keeps all it was sent, and drops no duplicate.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use gapless_sse_core::{EventId, Item, Parser};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Incoming;
use tokio::time::timeout;

use crate::http::{self, Connection};

/// How long anything that is to come may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long it may take until all has come that is to come, however much of it there is.
const LONGEST: Duration = Duration::from_secs(90);

#[derive(Debug, Default)]
pub(crate) struct Client {
    /// The messages of the rows, in the order in which they came.
    pub(crate) messages: Vec<String>,
    /// The other events: type and data.
    pub(crate) notices: Vec<(String, String)>,
    pub(crate) comments: usize,
    pub(crate) last_id: String,
    /// After which time it is to come back.
    pub(crate) retry: Duration,
    /// What it says of who it is.
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// An open stream. Dropping it closes the connection.
pub(crate) struct Stream {
    body: Incoming,
    parser: Parser,
    _connection: Connection,
}

impl Client {
    /// Connects as a browser does: with the last id, again until the server answers.
    pub(crate) async fn connect(&self, address: SocketAddr, path: &str) -> Stream {
        let opened = timeout(PATIENCE, async {
            loop {
                match self.try_connect(address, path).await {
                    Some(stream) => break stream,
                    None => tokio::task::yield_now().await,
                }
            }
        });
        opened.await.expect("the server answers")
    }

    /// Connects with the last id; `None` if nobody answers.
    pub(crate) async fn try_connect(&self, address: SocketAddr, path: &str) -> Option<Stream> {
        let mut request = Request::get(path);
        if !self.last_id.is_empty() {
            request = request.header("last-event-id", &self.last_id);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let sent = http::send(address, request.body(Full::default()).unwrap()).await;
        let (response, connection) = sent.ok()?;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let parser = Parser::new();
        let parser = match EventId::new(&*self.last_id) {
            Ok(id) => parser.resume(&id),
            Err(_) => parser,
        };
        Some(Stream { body: response.into_body(), parser, _connection: connection })
    }

    /// Reads what comes next; `false` when the stream has ended.
    pub(crate) async fn read(&mut self, stream: &mut Stream) -> bool {
        let frame = timeout(PATIENCE, stream.body.frame())
            .await
            .unwrap_or_else(|_| panic!("nothing came for {PATIENCE:?}: {self:?}"));
        let Some(Ok(frame)) = frame else { return false };
        let Ok(chunk) = frame.into_data() else { return true };
        self.take(&mut stream.parser, &chunk);
        true
    }

    /// Keeps what `parser` reads from a part of a stream.
    pub(crate) fn take(&mut self, parser: &mut Parser, chunk: &[u8]) {
        let mut items = parser.push(chunk);
        while let Some(item) = items.next().unwrap() {
            match item {
                Item::Event(event) if event.event_type == "message" => {
                    let row: serde_json::Value = serde_json::from_str(event.data).unwrap();
                    self.messages.push(row["message"].as_str().unwrap().to_owned());
                    event.last_event_id.clone_into(&mut self.last_id);
                }
                Item::Event(event) => {
                    let notice = (event.event_type.to_owned(), event.data.to_owned());
                    self.notices.push(notice);
                    event.last_event_id.clone_into(&mut self.last_id);
                }
                Item::Comment(_) => self.comments += 1,
                Item::Retry(time) => self.retry = time,
            }
        }
    }

    /// Reads until a heartbeat, or a position, shows that nothing else is due: a duplicate would
    /// have come by then.
    pub(crate) async fn read_all_that_is_due(&mut self, stream: &mut Stream) {
        let (comments, notices) = (self.comments, self.notices.len());
        self.read_until(stream, |client| {
            client.comments > comments || client.notices.len() > notices
        })
        .await;
    }

    pub(crate) async fn read_until(&mut self, stream: &mut Stream, done: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !done(self) {
            assert!(self.read(stream).await, "the stream ended: {self:?}");
            assert!(began.elapsed() < LONGEST, "{} rows, {:?}", self.messages.len(), self.notices);
        }
    }

    pub(crate) fn notices(&self, event_type: &str) -> Vec<&str> {
        let of_type = self.notices.iter().filter(|(of, _)| of == event_type);
        of_type.map(|(_, data)| data.as_str()).collect()
    }
}
