//! Whatever data and comments hold, the client reads the events that were sent and no other.

use std::time::Duration;

use sse_core::{Event, EventId, Parser};

use crate::client::Received;
use crate::host::{Host, Server};

promises! {
    everywhere: data_forges_nothing, comments_forge_nothing;
    under_our_serve: ;
}

const HOSTILE: [&str; 9] = [
    "\n\nevent: forged\ndata: x\n\n",
    "\r\revent: forged\rdata: x\r\r",
    "\r\n\r\nid: forged\r\ndata: x\r\n\r\n",
    "x\rid: forged",
    "x\nretry: 9",
    "\n",
    "\r",
    "",
    "\u{feff}data: x\u{2028}\u{85}\0",
];

async fn data_forges_nothing(host: Host) {
    let (mut client, visit) = Server::start(host).await.open().await;
    let mut expected = vec![Received::Retry(Duration::from_secs(1))];
    for data in HOSTILE {
        visit.events.send(Event::new(data).id(EventId::new("true").unwrap())).unwrap();
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
