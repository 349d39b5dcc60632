//! What is published to topics in memory reaches whoever follows them.
#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use std::time::Duration;

use gapless_sse_core::follow::{History, Record, Seal};
use gapless_sse_core::{
    Channel, Event, EventId, EventType, Follow, FollowOptions, Item, Keep, LogOptions, LogState,
    Parser, Topics,
};
use tokio::sync::{broadcast, mpsc};
use tokio::time::timeout;

const NONE: Option<EventId> = None;

/// What one client was sent.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    /// The data of messages, and the types of all other events.
    events: Vec<String>,
    /// The id of each event that has one.
    ids: Vec<String>,
    last_id: String,
}

/// What comes until nothing does.
async fn read<R: Record>(stream: &mut Follow<Channel<R>>) -> Seen {
    let (mut parser, mut seen) = (Parser::new(), Seen::default());
    while let Ok(Some(frame)) = timeout(Duration::from_secs(5), stream.next()).await {
        let text = std::str::from_utf8(frame.as_ref()).unwrap();
        seen.ids.extend(text.lines().filter_map(|line| line.strip_prefix("id: ").map(Into::into)));
        let mut items = parser.push(frame.as_ref());
        while let Some(item) = items.next().unwrap() {
            if let Item::Event(event) = item {
                let message = event.event_type == "message";
                seen.events.push(if message { event.data } else { event.event_type }.to_owned());
                event.last_event_id.clone_into(&mut seen.last_id);
            }
        }
    }
    seen
}

fn id(text: &str) -> EventId {
    EventId::new(text).unwrap()
}

fn numbers(topics: &Topics, topic: &str, numbers: std::ops::RangeInclusive<u32>) {
    for number in numbers {
        topics.publish(topic, Event::new(number.to_string()).event_id(id(&number.to_string())));
    }
}

#[tokio::test(start_paused = true)]
async fn each_client_is_given_its_topics_and_goes_on_after_its_last_event() {
    let topics = Topics::new(1_000);
    let (mut ann, mut both) = (topics.stream("ann", NONE), topics.merged(["ann", "bob"], NONE));
    assert_eq!(read(&mut ann).await.events, ["start", "sync"]);
    assert_eq!(read(&mut both).await.events, ["start", "sync"]);
    topics.publish("ann", Event::new("for ann"));
    topics.publish("bob", Event::new("for bob"));
    let seen = read(&mut ann).await;
    assert_eq!(seen.events, ["for ann"]);
    assert_eq!(read(&mut both).await.events, ["for ann", "for bob"]);
    drop(ann);
    topics.publish("ann", Event::new("missed"));
    let mut back = topics.stream("ann", Some(id(&seen.last_id)));
    assert_eq!(read(&mut back).await.events, ["start", "missed"]);
}

#[tokio::test(start_paused = true)]
async fn a_burst_beyond_what_is_kept_is_no_outage_for_anybody_who_is_connected() {
    for keep in [Keep::Records(1_000), Keep::Records(1), Keep::Bytes(1_000)] {
        let topics = Topics::new(keep);
        let (mut busy, mut quiet) = (topics.stream("busy", NONE), topics.stream("quiet", NONE));
        assert_eq!(read(&mut busy).await.events, ["start", "sync"]);
        let last_id = read(&mut quiet).await.last_id;
        // In one go: the driver does not run in between.
        numbers(&topics, "busy", 1..=3_001);
        let seen = read(&mut busy).await.events;
        assert_eq!((seen.len(), &*seen[3_000]), (3_001, "3001"), "{keep:?}");
        assert_eq!(read(&mut quiet).await.events, [""; 0], "{keep:?}");
        let mut back = topics.stream("quiet", Some(id(&last_id)));
        topics.publish("quiet", Event::new("a word"));
        assert_eq!(read(&mut quiet).await.events, ["a word"]);
        assert_eq!(read(&mut back).await.events, ["start", "a word"], "{keep:?}");
        assert_eq!(topics.log().state(), LogState::Following);
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_log_has_read_is_let_go_beyond_the_bound() {
    let all = FollowOptions::new(History::All);
    for (keep, kept) in [(Keep::Records(3), 3), (Keep::Bytes(3 * (128 + 16)), 3), (0.into(), 1)] {
        let topics = Topics::with(keep, Seal::random(), LogOptions::default(), all.clone());
        let mut live = topics.stream("a", NONE);
        read(&mut live).await;
        numbers(&topics, "a", 1..=9);
        assert_eq!(read(&mut live).await.events.len(), 9);
        let mut history = topics.stream("a", NONE);
        let seen = read(&mut history).await.events;
        let expected: Vec<_> = (10 - kept..=9).map(|number: u32| number.to_string()).collect();
        assert_eq!(seen[1..=expected.len()], expected, "{keep:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn events_keep_ids_of_ones_own_and_clients_come_back_with_them() {
    let options = LogOptions::default().record_ids(true);
    let plain = FollowOptions::new(History::All).start(false).sync(false);
    let topics = Topics::with(4, Seal::random(), options, plain);
    let mut live = topics.stream("a", NONE);
    assert_eq!(read(&mut live).await, Seen::default(), "neither start nor sync");
    numbers(&topics, "a", 1..=3);
    topics.publish("b", Event::new("of another topic").event_id(id("2")));
    let all = Seen {
        events: ["1", "2", "3"].map(Into::into).into(),
        ids: ["1", "2", "3"].map(Into::into).into(),
        last_id: "3".into(),
    };
    assert_eq!(read(&mut live).await, all);
    assert_eq!(read(&mut topics.stream("a", NONE)).await, all, "in history");
    assert_eq!(read(&mut topics.stream("a", Some(id("2")))).await.ids, ["3"]);
    assert_eq!(read(&mut topics.stream("a", Some(id("3")))).await, Seen::default());
    for unknown in ["0", "no id of ours"] {
        let seen = read(&mut topics.stream("a", Some(id(unknown)))).await;
        assert_eq!(seen.events, ["reset", "1", "2", "3"], "{unknown}");
    }
    topics.publish("a", Event::new("without an id"));
    let position = read(&mut live).await.last_id;
    numbers(&topics, "a", 5..=5);
    assert_eq!(read(&mut topics.stream("a", Some(id(&position)))).await.ids, ["5"]);
}

#[tokio::test(start_paused = true)]
async fn ids_of_records_are_replaced_by_those_of_positions_unless_they_are_kept() {
    let topics = Topics::new(10);
    let mut stream = topics.stream("a", NONE);
    read(&mut stream).await;
    numbers(&topics, "a", 1..=1);
    let seen = read(&mut stream).await;
    assert!(seen.events == ["1"] && seen.last_id.len() > 20, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn receivers_are_published_until_their_senders_are_gone() {
    let topics = Topics::new(1_000);
    let mut stream = topics.stream("a", NONE);
    read(&mut stream).await;
    let (sender, receiver) = mpsc::channel(1);
    topics.forward("a", receiver);
    for text in ["one", "two", "three"] {
        sender.send(Event::new(text)).await.unwrap();
    }
    drop(sender);
    assert_eq!(read(&mut stream).await.events, ["one", "two", "three"]);
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_receiver_that_lost_records_says_so_in_their_place() {
    let topics = Topics::new(1_000);
    let mut stream = topics.stream("a", NONE);
    read(&mut stream).await;
    let sender = broadcast::Sender::new(2);
    topics.forward_broadcast("a", sender.subscribe(), |lost| {
        Event::new("").event_type(EventType::new(format!("{lost} lost")).unwrap())
    });
    for text in ["1", "2", "3", "4", "5"] {
        sender.send(Event::new(text)).unwrap();
    }
    assert_eq!(read(&mut stream).await.events, ["3 lost", "4", "5"]);
    sender.send(Event::new("6")).unwrap();
    assert_eq!(read(&mut stream).await.events, ["6"]);
}

#[cfg(feature = "json")]
#[tokio::test(start_paused = true)]
async fn any_value_is_a_record_as_json() {
    use gapless_sse_core::follow::Json;

    let topics = Topics::new(10);
    let mut stream = topics.stream("a", NONE);
    read(&mut stream).await;
    topics.publish("a", Json::new(("line\nbreak", 1)).unwrap());
    assert_eq!(read(&mut stream).await.events, [r#"["line\nbreak",1]"#]);
}

#[tokio::test(start_paused = true)]
async fn what_is_published_after_a_stream_was_asked_for_reaches_it() {
    let topics = Topics::new(1_000);
    topics.publish("job", Event::new("of before"));
    let mut stream = topics.stream("job", None::<EventId>);
    topics.publish("job", Event::new("started"));
    let (parser, mut data) = (&mut Parser::new(), Vec::new());
    while data.last().is_none_or(|last| last != "started") {
        let frame = stream.next().await.unwrap();
        let mut items = parser.push(frame.as_ref());
        while let Some(item) = items.next().unwrap() {
            if let Item::Event(event) = item {
                data.push(event.data.to_owned());
            }
        }
    }
    let start = r#"{"resumed":false,"reset":null,"heartbeat_ms":null}"#;
    assert_eq!(data, [start, "{}", "started"]);
    let resumed = topics.log().stats().resumed;
    assert!(resumed.iter().all(|(_, count)| *count == 0), "it was not resumed: {resumed:?}");
}

#[tokio::test(start_paused = true)]
async fn who_is_cut_off_before_the_first_record_comes_back_to_the_same_place() {
    let topics = Topics::new(1_000);
    let mut stream = topics.stream("job", None::<EventId>);
    let mut parser = Parser::new();
    while parser.last_event_id().is_empty() {
        let frame = stream.next().await.unwrap();
        let mut items = parser.push(frame.as_ref());
        while items.next().unwrap().is_some() {}
    }
    drop(stream);
    topics.publish("job", Event::new("meanwhile"));
    let id = EventId::new(parser.last_event_id()).unwrap();
    let mut stream = topics.stream("job", Some(id));
    loop {
        let frame = stream.next().await.unwrap();
        if frame.as_ref().ends_with(b"data: meanwhile\n\n") {
            break;
        }
    }
}
