//! Searches by the value of a field that an index has.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod common;

use common::{Logs, quick, set, ways, within};
use futures_util::TryStreamExt;
use gapless_sse_core::Event;
use gapless_sse_core::follow::{Filter, HistoryQuery, Record, Scope, SortOrder, Source};
use gapless_sse_mongo::bson::{Bson, DateTime, Decimal128, Document, RawBsonRef, RawDocument, doc};
use gapless_sse_mongo::{Mongo, Narrow, Narrowing, Options};
use mongodb::IndexModel;

/// The levels that are wanted, as text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Levels(Vec<String>);

impl Filter for Levels {
    type Mark = Option<String>;

    fn admits(&self, level: &Option<String>) -> bool {
        level.as_ref().is_some_and(|level| self.0.contains(level))
    }
}

impl Narrow for Levels {
    fn narrow(&self, _: &gapless_sse_mongo::Fields) -> Narrowing {
        let wanted = self.0.clone();
        let number = doc! { "level": { "$not": { "$type": "string" } } };
        let query = doc! { "$or": [{ "level": { "$in": &wanted } }, number] };
        Narrowing::default().by("level", query, move |level| match level {
            // One of another type may stand for a number.
            RawBsonRef::Int32(_) | RawBsonRef::Decimal128(_) => true,
            level => text(level).is_some_and(|level| wanted.contains(&level)),
        })
    }
}

#[derive(Debug)]
struct Row {
    id: String,
    level: Option<String>,
}

impl Record for Row {
    type Filter = Levels;

    fn event(&self) -> Event<'_> {
        Event::new(&self.id)
    }

    fn mark(&self) -> Option<String> {
        self.level.clone()
    }
}

fn text(level: RawBsonRef<'_>) -> Option<String> {
    match level {
        RawBsonRef::String(level) => Some(level.to_owned()),
        RawBsonRef::Int32(level) => Some(level.to_string()),
        RawBsonRef::Null => Some("none".to_owned()),
        _ => None,
    }
}

async fn rows(uri: &str, options: Options) -> Mongo<Row> {
    let rows = Mongo::<Document>::connect(uri, "logs", options).await.unwrap();
    rows.decode_with(|record: &RawDocument| {
        let level = record.get("level")?.map_or(Some("none".to_owned()), text);
        Ok(Row { id: record.get_i32("_id")?.to_string(), level })
    })
}

fn record(id: i32, level: Option<Bson>) -> Document {
    let date = DateTime::from_millis(1_700_000_000_000 + i64::from(id * 7919 % 50));
    let name = format!("n{}", id % 3);
    let mut record = doc! { "_id": id, "workspace_id": "a", "workflow_id": name, "date": date };
    if id % 11 == 0 {
        record.insert("date", Bson::Null);
    }
    record.extend(level.map(|level| ("level".to_owned(), level)));
    record
}

fn levels() -> Vec<Option<Bson>> {
    let number: Decimal128 = "40".parse().unwrap();
    let list = vec![Bson::from("ERROR"), Bson::from("INFO")];
    vec![
        Some("ERROR".into()),
        Some("INFO".into()),
        Some("INFO".into()),
        Some(40.into()),
        Some(number.into()),
        Some(Bson::Double(40.0)),
        Some(Bson::Array(list)),
        Some(Bson::Document(doc! { "is": "ERROR" })),
        Some(Bson::Null),
        None,
        Some(Bson::MaxKey),
    ]
}

/// All that is found, page by page.
async fn found(
    rows: &Mongo<Row>,
    scope: &Scope<Levels>,
    order: SortOrder,
    limit: usize,
) -> Vec<String> {
    let (mut found, mut as_of, mut after) = (Vec::new(), None, None);
    loop {
        let query = HistoryQuery { as_of, after, order, limit, max_bytes: usize::MAX };
        let page = within(rows.history(scope, query)).await.unwrap();
        found.extend(page.entries.into_iter().map(|entry| entry.record.id));
        if page.more_after.is_none() {
            return found;
        }
        (as_of, after) = (Some(page.as_of), page.more_after);
    }
}

async fn index(logs: &Logs, keys: Document) {
    logs.coll.create_index(IndexModel::builder().keys(keys).build()).await.unwrap();
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn with_an_index_the_same_is_found_as_without() {
    for (server, options) in ways() {
        let uri = server.database_uri("by_value");
        let other = Logs::connect(&uri).await;
        let plain = rows(&uri, options.clone()).await;
        plain.epoch().await.unwrap();
        let records = (0..).zip(levels().into_iter().cycle()).take(300);
        other.insert(records.map(|(id, level)| record(id, level))).await;
        let indexed = rows(&uri, options.index_by("level")).await;
        indexed.make_indexes().await.unwrap();
        let (mut names, scopes) = (
            other.coll.list_index_names().await.unwrap(),
            [Scope::whole("a"), Scope::new("a", ["n1"]), Scope::new("a", ["n0", "n2", "n3"])],
        );
        names.retain(|name| name.ends_with("_by"));
        names.sort();
        assert_eq!(names, ["space_by", "tail_by"]);
        let mut most = 0;
        for scope in scopes {
            for wanted in [vec!["ERROR"], vec!["40", "none"], vec!["INFO", "40"], vec!["missing"]] {
                let wanted = wanted.into_iter().map(str::to_owned).collect();
                let scope = scope.clone().filtered(Levels(wanted));
                for order in [SortOrder::Ascending, SortOrder::Descending] {
                    let expected = found(&plain, &scope, order, 1000).await;
                    most = most.max(expected.len());
                    for limit in [3, 1000] {
                        let found = found(&indexed, &scope, order, limit).await;
                        assert_eq!(found, expected, "{scope:?}, {order:?}, {limit}");
                    }
                }
            }
        }
        assert!(most > 50, "{most}");
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_rare_value_costs_a_few_keys_and_many_values_cost_no_more_than_before() {
    let uri = set().database_uri("by_rare_value");
    let other = Logs::connect(&uri).await;
    let plain = rows(&uri, quick()).await;
    plain.epoch().await.unwrap();
    let level =
        |id| if id == 14_998 { "ERROR" } else { ["INFO", "DEBUG"][usize::from(id % 2 == 0)] };
    other.insert((0..30_000).map(|id| record(id, Some(level(id).into())))).await;
    let wanted = || Levels(vec!["ERROR".to_owned()]);
    let scopes = || [Scope::whole("a"), Scope::new("a", ["n1"])].map(|it| it.filtered(wanted()));
    let examined = async |rows: &Mongo<Row>, scope: &Scope<Levels>| {
        other.db.run_command(doc! { "profile": 2 }).await.unwrap();
        assert_eq!(found(rows, scope, SortOrder::Ascending, 9).await, ["14998"]);
        other.db.run_command(doc! { "profile": 0 }).await.unwrap();
        let profile = other.db.collection::<Document>("system.profile");
        let reads = profile.find(doc! { "command.find": "logs" }).await.unwrap();
        let reads: Vec<Document> = reads.try_collect().await.unwrap();
        profile.drop().await.unwrap();
        reads.iter().map(|read| read.get_i32("keysExamined").unwrap_or(0)).sum::<i32>()
    };
    for scope in scopes() {
        assert!(examined(&plain, &scope).await >= 10_000);
    }
    for keys in [
        doc! { "workspace_id": 1, "level": 1, "date": 1, "_id": 1 },
        doc! { "workspace_id": 1, "workflow_id": 1, "level": 1, "date": 1, "_id": 1 },
    ] {
        index(&other, keys).await;
    }
    let indexed = rows(&uri, quick()).await;
    for scope in scopes() {
        let keys = examined(&indexed, &scope).await;
        assert!((1..20).contains(&keys), "{keys}");
    }
    // Each record has a level of its own.
    let many = (30_000..30_100).map(|id| record(id, Some(Bson::Int32(id))));
    other.insert(many).await;
    for scope in scopes() {
        let keys = examined(&indexed, &scope).await;
        assert!(keys >= 10_000, "{keys}: by the other index");
    }
}
