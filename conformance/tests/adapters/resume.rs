//! The last event ID: what a stream gave comes back when its client does.

use gapless_sse_core::{Event, EventId, Parser};

use crate::client::Received;
use crate::host::{Host, Server};

promises! {
    everywhere: an_id_of_any_characters_comes_back, without_a_header_there_is_no_id,
        an_id_that_is_not_utf_8_is_a_bad_request, an_id_may_be_required;
    under_our_serve: ;
}

const HEADER: &str = "Last-Event-ID";

async fn an_id_of_any_characters_comes_back(host: Host) {
    let mut server = Server::start(host).await;
    for text in ["41-7", "größe", "日本語", "🦀 crab", "a:b: c", "\u{feff}"] {
        let id = EventId::new(text).unwrap();
        let (mut client, visit) = server.open().await;
        visit.events.send(Event::new("x").event_id(id.clone())).unwrap();
        let mut parser = Parser::new();
        let received = client.receive(&mut parser, 2).await;
        assert_eq!(received[1], Received::message("x", text));
        let _again = server.get("/", &[(HEADER, parser.last_event_id().as_bytes())]).await;
        assert_eq!(server.visit().await.last_event_id, Some(id));
    }
}

async fn without_a_header_there_is_no_id(host: Host) {
    let mut server = Server::start(host).await;
    for headers in [&[][..], &[(HEADER, &b""[..])]] {
        let client = server.get("/", headers).await;
        assert_eq!(client.head.status, 200);
        assert_eq!(server.visit().await.last_event_id, None);
    }
}

async fn an_id_that_is_not_utf_8_is_a_bad_request(host: Host) {
    let server = Server::start(host).await;
    for path in ["/", "/required"] {
        let mut client = server.get(path, &[(HEADER, b"caf\xe9")]).await;
        assert_eq!(client.head.status, 400, "{path}");
        let reason = client.text().await;
        assert!(reason.to_lowercase().contains("last-event-id"), "{reason}");
    }
}

async fn an_id_may_be_required(host: Host) {
    let server = Server::start(host).await;
    for headers in [&[][..], &[(HEADER, &b""[..])]] {
        let mut client = server.get("/required", headers).await;
        assert_eq!(client.head.status, 400);
        let reason = client.text().await;
        assert!(reason.to_lowercase().contains("last-event-id"), "{reason}");
    }
    let mut client = server.get("/required", &[(HEADER, "größe".as_bytes())]).await;
    assert_eq!((client.head.status, client.text().await.as_str()), (200, "größe"));
}
