//! The events of a stream, as the description of the server has them.
//!
//! OpenAPI 3.1 says of an answer that it is text. What JSON Schema calls `contentSchema` says what is
//! found in the text when it is read as its type has it: so for the stream, and so for the data of
//! each event.

use serde_json::{Value, json};

const ABOUT: &str = "\
The events of the stream, each as a reader of `text/event-stream` sees it: its type (`message`, if it \
has none), its data and its id.\n\n\
A row is a `message`, whose id is the position behind it. `sync`, `reset` and `gap` have ids too, since \
they move the position; the empty id of `reset` clears it. Ids are opaque, and good on every server of \
the same log for the same path.\n\n\
**Coming back.** When a stream ends, for whatever reason, the client waits for as long as the last \
`retry:` said, in milliseconds, and sends the last id that it saw as `Last-Event-ID`: the stream goes on \
right behind it, each row once. A browser's `EventSource` does that by itself. Comments (lines that begin \
with a colon) and `sync` come at least every `heartbeat_ms` of `start`: after some of those in silence, \
the connection is gone. Types that are not listed here may come later: pass over them.";

/// The schemas of the stream and of its events, by name.
pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let text = json!({ "type": "string" });
    let count = json!({ "type": "integer", "minimum": 0 });
    let reasons = json!(["bad_id", "epoch", "future", "history_lost"]);
    let row = json!({ "$ref": "#/components/schemas/Row" });
    let none = object(&json!({}));
    let events = [
        ("EventOfRow", "message", "A row.", row.clone(), Id::Position),
        (
            "EventOfStart",
            "start",
            "The first of every stream: how it began.",
            object(&json!({
                "resumed": { "type": "boolean" },
                "reset": { "oneOf": [{ "type": "null" }, { "enum": reasons }] },
                "heartbeat_ms": { "type": ["integer", "null"], "minimum": 0 },
            })),
            Id::None,
        ),
        (
            "EventOfSync",
            "sync",
            "A fresh position: where history ends, and past what was not shown.",
            none.clone(),
            Id::Position,
        ),
        (
            "EventOfReset",
            "reset",
            "What the client has is void; history follows anew.",
            object(&json!({ "reason": { "enum": reasons } })),
            Id::Empty,
        ),
        (
            "EventOfGap",
            "gap",
            "So many rows follow that came too late for their place, each as a `late`; or so many \
             cannot be shown.",
            json!({ "oneOf": [object(&json!({ "late": count })), object(&json!({ "lost": count }))] }),
            Id::Either,
        ),
        ("EventOfLate", "late", "A row that came too late for its place.", row, Id::None),
        (
            "EventOfStatus",
            "status",
            "Whether anything new can come: the database is away, somebody has to act, or it is back.",
            object(&json!({
                "source": { "enum": ["ok", "unavailable", "failed"] },
                "message": text.clone(),
            })),
            Id::None,
        ),
        (
            "EventOfDenied",
            "denied",
            "The last of a stream whose caller may not go on.",
            object(&json!({
                "reason": { "enum": ["unknown", "expired", "revoked", "forbidden", "unavailable"] },
                "detail": text,
            })),
            Id::None,
        ),
        (
            "EventOfDrain",
            "drain",
            "The server shuts down: come back after the `retry:` that comes with it.",
            none,
            Id::None,
        ),
    ];
    let names =
        events.iter().map(|(name, ..)| json!({ "$ref": format!("#/components/schemas/{name}") }));
    let stream = json!({
        "type": "string",
        "description": ABOUT,
        "contentMediaType": "text/event-stream",
        "contentSchema": { "type": "array", "items": { "oneOf": names.collect::<Vec<_>>() } },
    });
    let events = events
        .into_iter()
        .map(|(name, event, about, data, id)| (name, of_event(event, about, &data, id)));
    [("Events", stream)].into_iter().chain(events).collect()
}

/// What ids an event has.
#[derive(Clone, Copy)]
enum Id {
    None,
    Empty,
    Position,
    Either,
}

fn of_event(event: &str, about: &str, data: &Value, id: Id) -> Value {
    let mut schema = json!({
        "type": "object",
        "description": about,
        "properties": {
            "event": { "const": event },
            "data": {
                "type": "string",
                "contentMediaType": "application/json",
                "contentSchema": data,
            },
        },
        "required": ["event", "data"],
    });
    let (id, needed) = match id {
        Id::None => (json!(false), false),
        Id::Empty => (json!({ "const": "" }), true),
        Id::Position => (json!({ "type": "string", "minLength": 1 }), true),
        Id::Either => (json!({ "type": "string", "minLength": 1 }), false),
    };
    schema["properties"]["id"] = id;
    if needed {
        schema["required"] = json!(["event", "data", "id"]);
    }
    schema
}

/// An object that has all of these, and may have more.
fn object(properties: &Value) -> Value {
    let names = properties.as_object().map(|all| all.keys().cloned().collect::<Vec<_>>());
    json!({ "type": "object", "properties": properties, "required": names })
}
