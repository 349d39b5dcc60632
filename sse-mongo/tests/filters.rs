//! Pages of what a filter admits, as long as those of everything.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod common;

use common::{Logs, at, quick, set, standalone};
use gapless_sse_core::Event;
use gapless_sse_core::follow::{Filter, Record, Scope, SortOrder, Source};
use gapless_sse_mongo::bson::{DateTime, Document};
use gapless_sse_mongo::{Mongo, Narrow};

/// Records whose number is a multiple of this.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Multiples(u32);

impl Narrow for Multiples {}

impl Filter for Multiples {
    type Mark = u32;

    fn admits(&self, number: &u32) -> bool {
        number.is_multiple_of(self.0)
    }
}

#[derive(Debug)]
struct Number(u32);

impl Record for Number {
    type Filter = Multiples;

    fn event(&self) -> Event<'_> {
        Event::new(self.0.to_string())
    }

    fn mark(&self) -> u32 {
        self.0
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn pages_are_full_of_what_the_filter_admits_and_end_where_it_ends() {
    for server in [set(), standalone()] {
        let uri = server.database_uri("filters");
        let logs = Logs::connect(&uri).await;
        let mongo: Mongo<Document> = Mongo::connect(&uri, "logs", quick()).await.unwrap();
        let mongo = mongo.decode_with(|record| Ok(Number(record.get_i32("_id")?.try_into()?)));
        mongo.epoch().await.unwrap();
        // Long ago, so that polling takes them for settled; by number, since they share a date.
        let long_ago = DateTime::from_millis(1_700_000_000_000);
        logs.insert((1..=100).map(|number| at(number, long_ago))).await;
        for (filter, order) in [
            (Multiples(1), SortOrder::Ascending),
            (Multiples(7), SortOrder::Ascending),
            (Multiples(7), SortOrder::Descending),
            (Multiples(99), SortOrder::Ascending),
            (Multiples(1000), SortOrder::Descending),
        ] {
            let scope = Scope::new("a", ["b"]).filtered(filter.clone());
            let mut expected: Vec<u32> = (1..=100).filter(|number| filter.admits(number)).collect();
            if order == SortOrder::Descending {
                expected.reverse();
            }
            let (mut read, mut as_of) = (Vec::new(), None);
            let mut after = None;
            loop {
                let asked = common::query(as_of.as_ref(), after.as_ref(), order, 5);
                let page = mongo.history(&scope, asked).await.unwrap();
                after = page.entries.last().map(|entry| entry.key.clone());
                assert!(
                    page.more_after.is_none() || page.entries.len() == 5,
                    "{filter:?}: a full page"
                );
                read.extend(page.entries.iter().map(|entry| entry.record.0));
                as_of = Some(page.as_of);
                if page.more_after.is_none() {
                    break;
                }
            }
            assert_eq!(read, expected, "{filter:?}, {order:?}");
        }
    }
}
