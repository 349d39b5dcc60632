//! Fields within fields, constants in their place, and dates that are not those of BSON.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod common;

use std::time::Duration;

use common::{Logs, all, changed, changes, connect, ids, logs, quick, set, standalone, within};
use gapless_sse_core::follow::{Scope, SortOrder, Source};
use gapless_sse_mongo::bson::{Bson, DateTime, Document, RawBsonRef, doc};
use gapless_sse_mongo::{Dates, Error, Mode, Named, Options};

/// Whole seconds since 1970, of a clock that was set back by an hour at `SET_BACK`.
#[derive(Debug, Default)]
struct Seconds {
    set_back: Option<i64>,
}

const HOUR: i64 = 3_600_000;

impl Dates for Seconds {
    fn shown(&self, value: RawBsonRef<'_>) -> Option<i64> {
        value.as_i64().map(|seconds| seconds * 1000)
    }

    fn least(&self, shown: i64) -> Bson {
        ((shown + 999).div_euclid(1000)).into()
    }

    fn earliest_from(&self, instant: i64) -> i64 {
        match self.set_back {
            Some(at) if instant < at => instant.min(at - HOUR),
            Some(_) => instant - HOUR,
            None => instant,
        }
    }
}

/// Offsets of their own.
#[derive(Debug)]
struct Apart;

impl Dates for Apart {
    fn shown(&self, _: RawBsonRef<'_>) -> Option<i64> {
        None
    }

    fn least(&self, _: i64) -> Bson {
        Bson::Null
    }

    fn are_comparable(&self) -> bool {
        false
    }
}

/// What is dated within `meta`, soon after it was written.
fn options(space: Named, name: Named) -> Options {
    let Options { lateness, interval, .. } = quick();
    Options::topic(space, name).date("meta.at").lateness(lateness).interval(interval)
}

fn within_meta(name: &str) -> Named {
    Named::Field(format!("meta.{name}"))
}

fn constant(name: &str) -> Named {
    Named::Constant(name.to_owned())
}

fn nested(id: i32, tenant: &str, job: i32) -> Document {
    let at = DateTime::now();
    doc! { "_id": id, "meta": { "tenant": tenant, "job": job, "at": at }, "meta.job": "no path" }
}

/// Whatever of a topic is constant, history, changes and lists have the same records.
async fn are_followed(server: &testbed::Mongod, database: &str, mode: Mode) {
    for (nth, (space, name, topic, expected)) in [
        (within_meta("tenant"), within_meta("job"), ("a", "7"), vec!["1", "4"]),
        (constant("all"), within_meta("job"), ("all", "7"), vec!["1", "3", "4"]),
        (within_meta("tenant"), constant("all"), ("a", "all"), vec!["1", "2", "4"]),
        (constant("all"), constant("it"), ("all", "it"), vec!["1", "2", "3", "4"]),
    ]
    .into_iter()
    .enumerate()
    {
        let options = options(space.clone(), name.clone()).mode(mode);
        let (mongo, logs) = logs(server, &format!("{database}{nth}"), options).await;
        mongo.make_indexes().await.unwrap();
        let start = mongo.tail_start().await.unwrap();
        logs.insert([nested(1, "a", 7), nested(2, "a", 8), nested(3, "b", 7)]).await;
        let odd = [
            doc! { "_id": 10, "meta": [{ "tenant": "a", "job": 7, "at": DateTime::now() }] },
            doc! { "_id": 11, "meta": "a" },
        ];
        logs.insert(odd).await;
        logs.insert([nested(4, "a", 7)]).await;

        let scope = Scope::new(topic.0, [topic.1]);
        let is_constant = |named: &Named| named.field().is_none();
        // What has no date at all is first, where nothing else is wanted of it.
        let undated = is_constant(&space) && is_constant(&name);
        let wanted: Vec<_> = undated.then_some("11").into_iter().chain(expected.clone()).collect();
        let found = within(async {
            loop {
                let (_, found) = all(&mongo, &scope, SortOrder::Ascending, 2).await;
                // Polling waits until records have settled.
                if found.len() >= wanted.len() {
                    break ids(&found);
                }
            }
        })
        .await;
        assert_eq!(found, wanted, "{topic:?}");
        let (_, found) = all(&mongo, &scope, SortOrder::Descending, 2).await;
        assert_eq!(ids(&found).into_iter().rev().collect::<Vec<_>>(), wanted, "{topic:?}");

        let (mut live, mut count) = (Vec::new(), expected.len());
        while live.len() < expected.len() {
            let changes = changes(&mongo, &start, count).await;
            let of_topic = changes.iter().filter(|(_, entry)| {
                (entry.topic.space(), entry.topic.name()) == topic && entry.record.id != "11"
            });
            live = of_topic.map(|(_, entry)| entry.record.id.clone()).collect();
            count += 1;
        }
        assert_eq!(live, expected, "{topic:?}");

        let spaces = mongo.spaces(None, 9).await.unwrap();
        assert_eq!(spaces, if is_constant(&space) { vec!["all"] } else { vec!["a", "b"] });
        let names = mongo.names(topic.0, None, 9).await.unwrap();
        let expected = match (&space, &name) {
            (_, Named::Constant(name)) => vec![name.as_str()],
            _ => vec!["7", "8"],
        };
        assert_eq!(names, expected);
        assert_eq!(mongo.names("nobody", None, 9).await.unwrap(), Vec::<String>::new());
        let nobody = Scope::new("nobody", [topic.1]);
        assert_eq!(
            ids(&all(&mongo, &nobody, SortOrder::Ascending, 2).await.1),
            Vec::<String>::new()
        );
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn fields_within_fields_and_constants_are_followed_by_change_streams() {
    are_followed(set(), "mapped_stream", Mode::ChangeStreams).await;
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn fields_within_fields_and_constants_are_followed_by_polling() {
    are_followed(standalone(), "mapped_poll", Mode::Poll).await;
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn one_index_serves_where_the_topic_is_constant() {
    let options = options(constant("all"), constant("it"));
    let (mongo, logs) = logs(standalone(), "mapped_index", options).await;
    mongo.make_indexes().await.unwrap();
    let mut names = logs.coll.list_index_names().await.unwrap();
    names.sort();
    assert_eq!(names, ["_id_", "tail"]);
}

/// An update that sets a field by its path makes a record belong to a topic.
#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_record_whose_topic_is_set_within_an_object_appears_there() {
    let options = options(within_meta("tenant"), within_meta("job")).mode(Mode::ChangeStreams);
    let (mongo, logs) = logs(set(), "mapped_joined", options).await;
    mongo.make_indexes().await.unwrap();
    logs.insert([doc! { "_id": 1, "meta": { "tenant": "a", "at": DateTime::now() } }]).await;
    let start = mongo.tail_start().await.unwrap();
    let set = doc! { "$set": { "meta.job": 7 } };
    logs.coll.update_one(doc! { "_id": 1 }, set).await.unwrap();
    // It does so once: what else is set is another matter.
    let other = doc! { "$set": { "meta.more": 1 } };
    logs.coll.update_one(doc! { "_id": 1 }, other).await.unwrap();
    logs.insert([nested(2, "a", 7)]).await;
    assert_eq!(changed(&changes(&mongo, &start, 2).await), ["1", "2"]);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn numbers_are_polled_once_they_have_settled() {
    let dated = |id: i32, at: i64| {
        doc! { "_id": id, "workspace_id": "a", "workflow_id": "b", "date": at.div_euclid(1000) }
    };
    let (mongo, logs) =
        logs(standalone(), "mapped_seconds", quick().dates(Seconds::default())).await;
    mongo.make_indexes().await.unwrap();
    let start = mongo.tail_start().await.unwrap();
    let now = DateTime::now().timestamp_millis();
    logs.insert([dated(2, now + 1000), dated(1, now), dated(9, now + HOUR)]).await;
    let found = changes(&mongo, &start, 2).await;
    assert_eq!(changed(&found), ["1", "2"]);
    assert_eq!(mongo.stats().no_date.iter().map(|(_, count)| count).sum::<u64>(), 0);
    // What is shown now may be shown once more until the clock has been set back.
    let set_back = Some(now + 600_000);
    let uri = standalone().database_uri("mapped_seconds");
    let waiting = connect(&uri, quick().dates(Seconds { set_back })).await;
    let page = common::page(&waiting, 9).await;
    assert_eq!(ids(&page.entries), Vec::<String>::new(), "clocks are soon to show this again");
    let passed = connect(&uri, quick().dates(Seconds { set_back: Some(now - 2 * HOUR) })).await;
    logs.insert([dated(3, now - HOUR - 10_000)]).await;
    let page = common::page(&passed, 9).await;
    assert_eq!(ids(&page.entries), ["3"]);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn dates_that_tell_nothing_of_others_are_not_polled() {
    let uri = standalone().database_uri("mapped_apart");
    let refused = connect(&uri, quick().dates(Apart)).await.tail_start().await.unwrap_err();
    assert!(matches!(refused, Error::IncomparableDates), "{refused}");
    assert!(refused.to_string().contains("store dates by one clock"), "{refused}");
    let uri = set().database_uri("mapped_apart");
    let mongo = connect(&uri, quick().dates(Apart)).await;
    assert_eq!(mongo.mode().await.unwrap(), Mode::ChangeStreams);
    Logs::connect(&uri).await.insert([common::record(1)]).await;
    assert_eq!(ids(&common::page(&mongo, 9).await.entries), ["1"]);
    let second = Duration::from_secs(1);
    let polled = connect(&uri, quick().dates(Apart).mode(Mode::Poll).interval(second)).await;
    assert!(matches!(polled.mode().await.unwrap_err(), Error::IncomparableDates));
}
