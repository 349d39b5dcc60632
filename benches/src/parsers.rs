//! Everything that reads a stream, each through the door it opens to the public.

use std::convert::Infallible;
use std::num::NonZeroUsize;

use bytes::BytesMut;
use eventsource_client::{Client, ClientBuilder, ReconnectOptions, SSE};
use futures_util::{Stream, StreamExt, stream};
use launchdarkly_sdk_transport::{
    ByteStream, HttpTransport, Request, Response, ResponseFuture, TransportError,
};

use crate::names::OURS;
use crate::seen::{Seen, drain};
use crate::workload::Feed;

/// A parser and what it makes of a stream.
pub type Parser = (&'static str, fn(Feed) -> Seen);

/// The bounds first, then ours, then the others.
pub const PARSERS: &[Parser] = &[
    ("memcpy", copy),
    ("bare memchr line splitter", split),
    (OURS, ours),
    ("sse-stream", sse_stream),
    ("sse-core (crates.io)", other_sse_core),
    ("sse-parse", sse_parse),
    ("sseer", sseer),
    ("russe", russe),
    ("sse-codec", sse_codec),
    ("eventsource-stream", eventsource_stream),
    ("eventsource-client", eventsource_client),
];

/// No line of a workload is as long.
pub(crate) const LIMIT: usize = 16 * 1024 * 1024;

fn copy(feed: Feed) -> Seen {
    let mut buffer = Vec::new();
    let mut seen = Seen::default();
    for chunk in feed {
        buffer.clear();
        buffer.extend_from_slice(chunk);
        seen.note(&buffer);
    }
    seen
}

fn split(feed: Feed) -> Seen {
    let mut seen = Seen::default();
    for chunk in feed {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', chunk) {
            seen.note(&chunk[start..end]);
            start = end + 1;
        }
    }
    seen
}

fn ours(feed: Feed) -> Seen {
    let mut parser = gapless_sse_core::Parser::with_limits(gapless_sse_core::Limits {
        line: LIMIT,
        event: LIMIT,
    });
    let mut seen = Seen::default();
    for chunk in feed {
        let mut items = parser.push(chunk);
        while let Ok(Some(item)) = items.next() {
            if let gapless_sse_core::Item::Event(message) = std::hint::black_box(&item) {
                seen.note(message.data);
            }
        }
    }
    seen
}

fn other_sse_core(feed: Feed) -> Seen {
    let limit = NonZeroUsize::new(LIMIT).expect("not zero");
    let mut decoder = other_sse_core::SseDecoder::with_limit(limit);
    let mut seen = Seen::default();
    for mut chunk in feed {
        while let Some(Ok(event)) = decoder.next(&mut chunk) {
            if let other_sse_core::SseEvent::Message(message) = event {
                seen.note(message.data);
            }
        }
    }
    seen
}

fn sse_parse(feed: Feed) -> Seen {
    let mut parser = sse_parse::SseParser::new();
    let mut seen = Seen::default();
    for chunk in feed {
        parser.feed(chunk);
        while let Some(event) = parser.next_event() {
            seen.note(event.data);
        }
    }
    seen
}

pub(crate) fn sse_stream(feed: Feed) -> Seen {
    read(sse_stream::SseByteStream::new(try_chunks(feed)), |event, seen| {
        if let Ok(sse_stream::Sse { data: Some(data), .. }) = event {
            seen.note(data);
        }
    })
}

pub(crate) fn sseer(feed: Feed) -> Seen {
    read(sseer::event_stream::EventStream::new(try_chunks(feed)), |event, seen| {
        if let Ok(event) = event {
            seen.note(&*event.data);
        }
    })
}

pub(crate) fn eventsource_stream(feed: Feed) -> Seen {
    read(eventsource_stream::EventStream::new(try_chunks(feed)), |event, seen| {
        if let Ok(event) = event {
            seen.note(event.data);
        }
    })
}

fn russe(feed: Feed) -> Seen {
    use tokio_util::codec::Decoder;

    let mut decoder = russe::Decoder::default();
    let mut buffer = BytesMut::new();
    let mut seen = Seen::default();
    for chunk in feed {
        buffer.extend_from_slice(chunk);
        while let Ok(Some(event)) = decoder.decode(&mut buffer) {
            if let russe::Event::Message(message) = event {
                seen.note(&*message.data);
            }
        }
    }
    seen
}

fn sse_codec(feed: Feed) -> Seen {
    use futures_codec::Decoder;

    let mut decoder = sse_codec::SSECodec::default();
    let mut buffer = futures_codec::BytesMut::new();
    let mut seen = Seen::default();
    for chunk in feed {
        buffer.extend_from_slice(chunk);
        while let Ok(Some(event)) = decoder.decode(&mut buffer) {
            if let sse_codec::Event::Message { data, .. } = event {
                seen.note(data);
            }
        }
    }
    seen
}

fn eventsource_client(feed: Feed) -> Seen {
    let client = ClientBuilder::for_url("http://localhost/")
        .expect("an address")
        .reconnect(ReconnectOptions::reconnect(false).build())
        .build_with_transport(Recorded(feed));
    read(client.stream().take_while(|event| std::future::ready(event.is_ok())), |event, seen| {
        if let Ok(SSE::Event(event)) = event {
            seen.note(event.data);
        }
    })
}

/// Answers each request with the feed: this client's parser is not public.
#[derive(Clone)]
struct Recorded(Feed);

impl HttpTransport for Recorded {
    fn request(&self, _: Request<Option<bytes::Bytes>>) -> ResponseFuture {
        let chunks = self.0.clone().owned().map(Ok::<_, TransportError>);
        let body: ByteStream = Box::pin(stream::iter(chunks));
        Box::pin(std::future::ready(Ok(Response::new(body))))
    }
}

pub(crate) fn try_chunks(
    feed: Feed,
) -> impl Stream<Item = Result<bytes::Bytes, Infallible>> + Unpin + Send + Sync {
    stream::iter(feed.owned().map(Ok))
}

pub(crate) fn read<S: Stream>(stream: S, mut note: impl FnMut(S::Item, &mut Seen)) -> Seen {
    let mut seen = Seen::default();
    drain(stream, |item| note(item, &mut seen));
    seen
}
