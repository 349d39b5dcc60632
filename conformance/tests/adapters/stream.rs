//! The response itself: headers, first bytes, events, heartbeats.

use std::time::Duration;

use gapless_sse_core::{Event, EventId, EventType, Parser};

use crate::client::Received;
use crate::host::{Host, Options, Server};

promises! {
    everywhere: headers_keep_everyone_from_caching_and_buffering,
        first_bytes_arrive_before_any_event, events_arrive_whole_and_in_order,
        an_idle_stream_shows_that_it_is_alive, the_peer_is_known;
    under_our_serve: ;
}

async fn headers_keep_everyone_from_caching_and_buffering(host: Host) {
    let (client, _visit) = Server::start(host).await.open().await;
    assert_eq!(client.head.status, 200);
    assert_eq!(client.head.header("content-type"), ["text/event-stream"]);
    assert_eq!(client.head.header("cache-control"), ["no-store, no-transform"]);
    assert_eq!(client.head.header("x-accel-buffering"), ["no"]);
    assert_eq!(client.head.header("content-length"), [""; 0]);
}

async fn first_bytes_arrive_before_any_event(host: Host) {
    let (mut client, _visit) = Server::start(host).await.open().await;
    assert_eq!(client.chunk().await.unwrap(), b"retry: 1000\n\n");
}

async fn events_arrive_whole_and_in_order(host: Host) {
    const COUNT: usize = 2000;
    let (mut client, visit) = Server::start(host).await.open().await;
    let mut expected = vec![Received::Retry(Duration::from_secs(1))];
    for number in 0..COUNT {
        let id = number.to_string();
        let data = "x".repeat(number);
        let event = Event::new(data.clone()).event_id(EventId::new(id.clone()).unwrap());
        visit.events.send(event.event_type(EventType::from_static("count"))).unwrap();
        expected.push(Received::Event { event_type: "count".into(), data, id });
    }
    let received = client.receive(&mut Parser::new(), COUNT + 1).await;
    assert!(received == expected);
}

async fn an_idle_stream_shows_that_it_is_alive(host: Host) {
    let heartbeat = Duration::from_millis(50);
    let mut server = Server::with(host, Options { heartbeat, ..Options::default() }).await;
    let (mut client, _visit) = server.open().await;
    let received = client.receive(&mut Parser::new(), 4).await;
    assert_eq!(received[0], Received::Retry(Duration::from_secs(1)));
    assert!(received[1..].iter().all(|item| *item == Received::Comment(String::new())));
}

async fn the_peer_is_known(host: Host) {
    let (client, visit) = Server::start(host).await.open().await;
    assert_eq!(visit.peer, Some(client.address()));
}
