//! Whatever data and comments hold, the client reads the events that were sent and no other.

use std::time::Duration;

use gapless_sse_core::{Event, EventId, EventType, Parser};

use crate::client::Received;
use crate::host::{Host, Server};

promises! {
    everywhere: data_forges_nothing, comments_forge_nothing, ids_forge_nothing,
        types_forge_nothing, records_of_a_log_forge_nothing;
    under_our_serve: ;
}

const HOSTILE: [&str; 12] = [
    "\n\nevent: forged\ndata: x\n\n",
    "\r\revent: forged\rdata: x\r\r",
    "\r\n\r\nid: forged\r\ndata: x\r\n\r\n",
    "x\rid: forged",
    "x\nretry: 9",
    "\n",
    "\r",
    "",
    "\u{feff}data: x\u{2028}\u{85}\0",
    "\0",
    ": x",
    " \u{feff}größe",
];

async fn data_forges_nothing(host: Host) {
    let (mut client, visit) = Server::start(host).await.open().await;
    let mut expected = vec![Received::Retry(Duration::from_secs(1))];
    for data in HOSTILE {
        visit.events.send(Event::new(data).id("true").unwrap()).unwrap();
        let lines = data.replace("\r\n", "\n").replace('\r', "\n");
        expected.push(Received::message(&lines, "true"));
    }
    drop(visit);
    assert_eq!(client.receive(&mut Parser::new(), usize::MAX).await, expected);
}

async fn comments_forge_nothing(host: Host) {
    let (mut client, visit) = Server::start(host).await.open().await;
    for comment in HOSTILE {
        visit.events.send(Event::empty().comment(comment)).unwrap();
    }
    visit.events.send(Event::new("true").comment("\n\ndata: x\n\n")).unwrap();
    drop(visit);
    let mut received = client.receive(&mut Parser::new(), usize::MAX).await;
    received.retain(|item| !matches!(item, Received::Comment(_)));
    let expected = [Received::Retry(Duration::from_secs(1)), Received::message("true", "")];
    assert_eq!(received, expected);
}

/// What cannot be an id is refused before there is an event; what can arrives as it is.
async fn ids_forge_nothing(host: Host) {
    let (mut client, visit) = Server::start(host).await.open().await;
    let mut expected = vec![Received::Retry(Duration::from_secs(1))];
    for id in HOSTILE {
        let Ok(checked) = EventId::new(id) else {
            assert!(id.contains(['\n', '\r', '\0']), "{id:?}");
            continue;
        };
        visit.events.send(Event::new("x").event_id(checked)).unwrap();
        expected.push(Received::message("x", id));
    }
    assert!(expected.len() > 2);
    drop(visit);
    assert_eq!(client.receive(&mut Parser::new(), usize::MAX).await, expected);
}

async fn types_forge_nothing(host: Host) {
    let (mut client, visit) = Server::start(host).await.open().await;
    let mut expected = vec![Received::Retry(Duration::from_secs(1))];
    for name in HOSTILE {
        let Ok(checked) = EventType::new(name) else {
            assert!(name.contains(['\n', '\r', '\0']) || name.is_empty(), "{name:?}");
            continue;
        };
        visit.events.send(Event::new("x").event_type(checked)).unwrap();
        let event_type = if name.is_empty() { "message" } else { name }.to_owned();
        expected.push(Received::Event { event_type, data: "x".into(), id: String::new() });
    }
    assert!(expected.len() > 2);
    drop(visit);
    assert_eq!(client.receive(&mut Parser::new(), usize::MAX).await, expected);
}

async fn records_of_a_log_forge_nothing(host: Host) {
    let server = Server::start(host).await;
    let mut expected = Vec::new();
    for data in HOSTILE {
        server.write(Event::new(data).comment(data));
        expected.push(data.replace("\r\n", "\n").replace('\r', "\n"));
    }
    let (mut client, mut parser) = (server.get("/log", &[]).await, Parser::new());
    let (mut messages, mut others) = (Vec::new(), Vec::new());
    while !others.contains(&"sync".to_owned()) {
        for item in client.receive(&mut parser, 1).await {
            let Received::Event { event_type, data, .. } = item else { continue };
            match event_type.as_str() {
                "message" => messages.push(data),
                _ => others.push(event_type),
            }
        }
    }
    assert_eq!((messages, others), (expected, vec!["start".to_owned(), "sync".to_owned()]));
}
