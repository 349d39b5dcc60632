//! Everything that writes a stream, from the same text to bytes.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::Poll;

use actix_web::body::MessageBody;
use axum::response::IntoResponse;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use gapless_sse_core::{Encoded, Event, EventIdRef, EventType, encode_json};
use http_body::Body;
use tokio_util::codec::Encoder as _;
use warp::Reply;

use crate::names::OURS;
use crate::seen::{Seen, idle};
use crate::workload::{LOG, LogEvent};

/// An encoder and what it makes of events; what it is given never goes.
pub type Encoder = (&'static str, fn(&'static [LogEvent]) -> Seen);

/// From text to text; the bound first, then ours, then the others.
pub const ENCODERS: &[Encoder] = &[
    ("memcpy", copy),
    (OURS, ours),
    ("this project, shared frame", ours_frame),
    ("sse-stream", sse_stream),
    ("axum", axum),
    ("warp", warp),
    ("actix-web-lab", actix_web_lab),
    ("russe", russe),
    ("sse-codec", sse_codec),
];

/// From values to JSON as data.
pub const JSON_ENCODERS: &[Encoder] = &[
    ("serde_json alone", serde_json_alone),
    (OURS, ours_json),
    ("this project, shared frame", ours_json_frame),
    ("axum", axum_json),
    ("warp", warp_json),
    ("actix-web-lab", actix_web_lab_json),
];

const LOG_TYPE: EventType = EventType::from_static(LOG);

fn each(events: &[LogEvent], mut encode: impl FnMut(&LogEvent, &mut Seen)) -> Seen {
    let mut seen = Seen::default();
    for event in events {
        encode(event, &mut seen);
    }
    seen
}

fn copy(events: &'static [LogEvent]) -> Seen {
    let mut buffer = Vec::with_capacity(8192);
    each(events, |event, seen| {
        buffer.clear();
        buffer.extend_from_slice(event.id.as_bytes());
        buffer.extend_from_slice(event.data.as_bytes());
        seen.note(&buffer);
    })
}

fn ours(events: &'static [LogEvent]) -> Seen {
    let mut buffer = Vec::with_capacity(8192);
    each(events, |event, seen| {
        buffer.clear();
        gapless_sse_core::encode(&text(event), &mut buffer);
        seen.note(&buffer);
    })
}

fn ours_frame(events: &'static [LogEvent]) -> Seen {
    each(events, |event, seen| seen.note(Encoded::from(&text(event))))
}

fn text(event: &LogEvent) -> Event<'_> {
    head(event).data(&*event.data)
}

fn head(event: &LogEvent) -> Event<'_> {
    let id = EventIdRef::new(&event.id).expect("an id");
    Event::empty().event_type(LOG_TYPE).event_id_ref(id)
}

fn ours_json(events: &'static [LogEvent]) -> Seen {
    let mut buffer = Vec::with_capacity(8192);
    each(events, |event, seen| {
        buffer.clear();
        encode_json(&head(event), &event.row, &mut buffer).expect("a row is JSON");
        seen.note(&buffer);
    })
}

fn ours_json_frame(events: &'static [LogEvent]) -> Seen {
    each(events, |event, seen| {
        seen.note(Encoded::json(&head(event), &event.row).expect("a row is JSON"));
    })
}

fn serde_json_alone(events: &'static [LogEvent]) -> Seen {
    let mut buffer = Vec::with_capacity(8192);
    each(events, |event, seen| {
        buffer.clear();
        serde_json::to_writer(&mut buffer, &event.row).expect("a row is JSON");
        seen.note(&buffer);
    })
}

fn sse_stream(events: &'static [LogEvent]) -> Seen {
    each(events, |event, seen| {
        let event = sse_stream::Sse::default().event(LOG).id(&*event.id).data(&*event.data);
        seen.note(event.encode().expect("fields without line breaks"));
    })
}

fn sse_codec(events: &'static [LogEvent]) -> Seen {
    use futures_codec::Encoder;

    let mut encoder = sse_codec::SSECodec::default();
    let mut buffer = futures_codec::BytesMut::with_capacity(8192);
    each(events, |event, seen| {
        buffer.clear();
        let event = sse_codec::Event::message(LOG, &event.data, &*event.id);
        encoder.encode(event, &mut buffer).expect("it has room");
        seen.note(&buffer);
    })
}

fn russe(events: &'static [LogEvent]) -> Seen {
    let mut encoder = russe::Encoder::default();
    let mut buffer = BytesMut::with_capacity(8192);
    each(events, |event, seen| {
        buffer.clear();
        let message = russe::Message {
            data: (&*event.data).into(),
            event: Some(LOG.into()),
            retry: None,
            id: Some((&*event.id).into()),
        };
        encoder.encode(russe::Event::Message(message), &mut buffer).expect("valid fields");
        seen.note(&buffer);
    })
}

fn axum(events: &'static [LogEvent]) -> Seen {
    use axum::response::sse::{Event, Sse};

    let events = events.iter().map(|event| {
        Ok::<_, Infallible>(Event::default().event(LOG).id(&event.id).data(&event.data))
    });
    read_body(Sse::new(stream::iter(events)).into_response().into_body())
}

fn axum_json(events: &'static [LogEvent]) -> Seen {
    use axum::response::sse::{Event, Sse};

    let events = events.iter().map(|event| {
        let data = Event::default().event(LOG).id(&event.id).json_data(&event.row);
        Ok::<_, Infallible>(data.expect("a row is JSON"))
    });
    read_body(Sse::new(stream::iter(events)).into_response().into_body())
}

fn warp(events: &'static [LogEvent]) -> Seen {
    use warp::sse::Event;

    let events = events.iter().map(|event| {
        Ok::<_, Infallible>(Event::default().event(LOG).id(&*event.id).data(&*event.data))
    });
    read_body(warp::sse::reply(stream::iter(events)).into_response().into_body())
}

fn warp_json(events: &'static [LogEvent]) -> Seen {
    use warp::sse::Event;

    let events = events.iter().map(|event| {
        let data = Event::default().event(LOG).id(&*event.id).json_data(&event.row);
        Ok::<_, Infallible>(data.expect("a row is JSON"))
    });
    read_body(warp::sse::reply(stream::iter(events)).into_response().into_body())
}

fn actix_web_lab(events: &'static [LogEvent]) -> Seen {
    use actix_web_lab::sse::{Data, Event, Sse};

    let events = events.iter().map(|event| {
        let data = Data::new(&*event.data).id(&*event.id).event(LOG);
        Ok::<_, Infallible>(Event::Data(data))
    });
    read_actix(Sse::from_stream(stream::iter(events)))
}

fn actix_web_lab_json(events: &'static [LogEvent]) -> Seen {
    use actix_web_lab::sse::{Data, Event, Sse};

    let events = events.iter().map(|event| {
        let data = Data::new_json(&event.row).expect("a row is JSON").id(&*event.id).event(LOG);
        Ok::<_, Infallible>(Event::Data(data))
    });
    read_actix(Sse::from_stream(stream::iter(events)))
}

/// These encoders are reached through the body of a response only.
fn read_body(body: impl Body<Data = Bytes>) -> Seen {
    let mut body = pin!(body);
    let mut seen = Seen::default();
    while let Poll::Ready(Some(Ok(frame))) = body.as_mut().poll_frame(&mut idle()) {
        if let Ok(bytes) = frame.into_data() {
            seen.note(bytes);
        }
    }
    seen
}

fn read_actix(body: impl MessageBody) -> Seen {
    let mut body = pin!(body);
    let mut seen = Seen::default();
    while let Poll::Ready(Some(Ok(bytes))) = Pin::as_mut(&mut body).poll_next(&mut idle()) {
        seen.note(bytes);
    }
    seen
}
