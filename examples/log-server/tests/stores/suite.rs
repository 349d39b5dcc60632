//! What a follower relies on.

use std::collections::HashSet;
use std::time::Duration;

use gapless_sse_core::follow::{
    Batch, Changes, Coordinate, Entry, Frontier, HistoryQuery, Reset, Scope, SortOrder, Topic,
    contract,
};
use jiff::{SignedDuration, Timestamp};
use log_server::row::{NewRow, Row};
use log_server::search::Search;
use log_server::store::Store;
use tokio::time::timeout;

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Long enough ago that polling takes it as settled.
pub(crate) fn past(seconds: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_secs(seconds)
}

pub(crate) fn topic(workflow: &str) -> Topic {
    Topic::new("etl", workflow)
}

pub(crate) fn orders() -> Scope<Search> {
    Scope::new("etl", ["orders"]).filtered(Search::default())
}

pub(crate) fn rows(date: Timestamp, messages: impl IntoIterator<Item = String>) -> Vec<NewRow> {
    let row = |message| NewRow {
        id: None,
        date,
        level: "INFO".to_owned(),
        kind: "test".to_owned(),
        message,
        more: serde_json::Map::new(),
    };
    messages.into_iter().map(row).collect()
}

pub(crate) fn numbered(date: Timestamp, prefix: &str, count: usize) -> Vec<NewRow> {
    rows(date, (0..count).map(|n| format!("{prefix}{n}")))
}

pub(crate) fn message(row: &Row) -> String {
    let row: serde_json::Value = serde_json::from_str(row.json()).unwrap();
    row["message"].as_str().unwrap().to_owned()
}

pub(crate) fn messages<K>(entries: &[Entry<K, Row>]) -> Vec<String> {
    entries.iter().map(|entry| message(&entry.record)).collect()
}

pub(crate) fn query<S: Store>(order: SortOrder, limit: usize) -> HistoryQuery<S::Position, S::Key> {
    HistoryQuery { as_of: None, after: None, order, limit, max_bytes: usize::MAX }
}

/// All of history in pages, and the position that it was read as of.
pub(crate) async fn read_all<S: Store>(
    store: &S,
    scope: &Scope<Search>,
    order: SortOrder,
    limit: usize,
) -> (Vec<Entry<S::Key, Row>>, S::Position) {
    let mut query = query::<S>(order, limit);
    let mut all = Vec::new();
    loop {
        let page = store.history(scope, query.clone()).await.unwrap();
        assert!(page.entries.len() <= limit);
        query.as_of = Some(page.as_of.clone());
        all.extend(page.entries);
        query.after = page.more_after;
        if query.after.is_none() {
            return (all, page.as_of);
        }
    }
}

/// Waits until history as it is read now has `count` rows: polling waits for them to settle.
pub(crate) async fn settle<S: Store>(
    store: &S,
    scope: &Scope<Search>,
    count: usize,
) -> S::Position {
    timeout(PATIENCE, async {
        loop {
            let (entries, as_of) = read_all(store, scope, SortOrder::Ascending, 1000).await;
            if entries.len() == count {
                return as_of;
            }
        }
    })
    .await
    .expect("the rows settle")
}

/// The changes of `scope` after `from`, until `count` of them have come.
async fn read_changes<S: Store>(
    store: &S,
    scope: &Scope<Search>,
    from: &S::Position,
    count: usize,
) -> Vec<(S::Position, Entry<S::Key, Row>)> {
    let mut changes = store.changes(from).await.unwrap();
    let mut read = Vec::new();
    let mut through = from.clone();
    timeout(PATIENCE, async {
        while read.len() < count {
            let batch: Batch<S> = changes.next().await.unwrap();
            for (position, _) in &batch.changes {
                assert!(*position > through, "positions only grow");
                through = position.clone();
            }
            assert!(batch.through >= through, "and so does what is through");
            through = batch.through;
            read.extend(
                batch.changes.into_iter().filter(|(_, entry)| scope.contains(&entry.topic)),
            );
        }
    })
    .await
    .expect("the changes come");
    read
}

pub(crate) async fn history_is_paged_exactly_once_in_both_orders<S: Store>(store: &S) {
    // Seven dates for 60 rows, not in the order of writing.
    for n in 0..60 {
        let date = past(100 + (n * 31) % 7);
        store.append(&topic("orders"), rows(date, [format!("{n}")])).await.unwrap();
        store.append(&topic("other"), rows(date, ["other".to_owned()])).await.unwrap();
    }
    let (ascending, _) = read_all(store, &orders(), SortOrder::Ascending, 7).await;
    assert!(ascending.is_sorted_by(|a, b| a.key < b.key));
    let unique: HashSet<_> = messages(&ascending).into_iter().collect();
    assert_eq!((ascending.len(), unique.len()), (60, 60));
    let (mut descending, _) = read_all(store, &orders(), SortOrder::Descending, 11).await;
    descending.reverse();
    assert_eq!(messages(&descending), messages(&ascending));
}

pub(crate) async fn a_snapshot_does_not_move<S: Store>(store: &S) {
    store.append(&topic("orders"), numbered(past(100), "old", 20)).await.unwrap();
    let first = store.history(&orders(), query::<S>(SortOrder::Ascending, 5)).await.unwrap();
    // One that sorts before and one that sorts behind everything there is.
    let orders_topic = topic("orders");
    store.append(&orders_topic, rows(past(200), ["late".to_owned()])).await.unwrap();
    store.append(&orders_topic, rows(Timestamp::now(), ["new".to_owned()])).await.unwrap();
    let rest = HistoryQuery {
        as_of: Some(first.as_of.clone()),
        after: first.entries.last().map(|entry| entry.key.clone()),
        ..query::<S>(SortOrder::Ascending, 100)
    };
    let rest = store.history(&orders(), rest).await.unwrap();
    assert_eq!((rest.as_of, rest.entries.len(), rest.more_after), (first.as_of, 15, None));
    assert!(messages(&rest.entries).iter().all(|message| message.starts_with("old")));
}

pub(crate) async fn a_page_of_nothing_is_a_position<S: Store>(store: &S) {
    let empty = store.history(&orders(), query::<S>(SortOrder::Ascending, 0)).await.unwrap();
    assert!(empty.entries.is_empty());
    store.append(&topic("orders"), numbered(Timestamp::now(), "", 3)).await.unwrap();
    let changes = read_changes(store, &orders(), &empty.as_of, 3).await;
    let entries: Vec<_> = changes.into_iter().map(|(_, entry)| entry).collect();
    assert_eq!(messages(&entries).len(), 3);
}

pub(crate) async fn several_topics_are_merged<S: Store>(store: &S) {
    for n in 0..30 {
        let workflow = ["a", "b", "c"][n % 3];
        let date = past(100 - i64::try_from(n).unwrap());
        store.append(&topic(workflow), rows(date, [format!("{n}")])).await.unwrap();
    }
    let scope = Scope::new("etl", ["a", "c", "none"]).filtered(Search::default());
    let (entries, _) = read_all(store, &scope, SortOrder::Ascending, 4).await;
    let expected: Vec<_> = (0..30).filter(|n| n % 3 != 1).map(|n| n.to_string()).collect();
    assert_eq!(messages(&entries), expected);
    assert!(entries.iter().all(|entry| scope.contains(&entry.topic)));
}

pub(crate) async fn changes_go_on_right_after_any_position<S: Store>(store: &S) {
    let start = store.tail_start().await.unwrap();
    store.append(&topic("orders"), numbered(Timestamp::now(), "batch", 5)).await.unwrap();
    for n in 0..5 {
        store.append(&topic("orders"), rows(Timestamp::now(), [format!("{n}")])).await.unwrap();
    }
    let all = read_changes(store, &orders(), &start, 10).await;
    let mut expected: Vec<_> = all.iter().map(|(_, entry)| message(&entry.record)).collect();
    assert_eq!(expected.iter().collect::<HashSet<_>>().len(), 10);
    for (position, _) in &all[..9] {
        expected.remove(0);
        let rest = read_changes(store, &orders(), position, expected.len()).await;
        let rest: Vec<_> = rest.iter().map(|(_, entry)| message(&entry.record)).collect();
        assert_eq!(rest, expected);
    }
}

pub(crate) async fn history_and_changes_meet_without_a_gap<S: Store>(store: &S) {
    const WRITERS: usize = 4;
    const EACH: usize = 60;
    let write = async |writer: usize| {
        for n in 0..EACH {
            let row = rows(Timestamp::now(), [format!("{writer}-{n}")]);
            store.append(&topic("orders"), row).await.unwrap();
        }
    };
    let follow = async {
        let (history, as_of) = read_all(store, &orders(), SortOrder::Ascending, 10).await;
        let left = WRITERS * EACH - history.len();
        let changes = read_changes(store, &orders(), &as_of, left).await;
        let mut all = messages(&history);
        all.extend(changes.iter().map(|(_, entry)| message(&entry.record)));
        all
    };
    let (read, ..) = tokio::join!(follow, write(0), write(1), write(2), write(3));
    assert_eq!(read.iter().collect::<HashSet<_>>().len(), WRITERS * EACH);
    assert_eq!(read.len(), WRITERS * EACH);
}

pub(crate) async fn a_position_ahead_of_the_log_is_refused<S: Store>(store: &S) {
    store.append(&topic("orders"), numbered(past(100), "", 3)).await.unwrap();
    let at = settle(store, &orders(), 3).await;
    let live = Frontier::Live(at.clone());
    assert_eq!(store.resume(live.clone()).await.unwrap(), Ok(live));
    // Whatever a store's positions look like: the furthest that one changed byte leads to.
    let mut bytes = Vec::new();
    at.encode(&mut bytes);
    let changed = (0..bytes.len()).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte)));
    let ahead = changed
        .filter_map(|(at, byte)| {
            let mut bytes = bytes.clone();
            bytes[at] = byte;
            let mut input = bytes.as_slice();
            S::Position::decode(&mut input).filter(|_| input.is_empty())
        })
        .max();
    let ahead = ahead.filter(|ahead| *ahead > at).unwrap();
    let answer = store.resume(Frontier::Live(ahead)).await.unwrap();
    assert!(matches!(answer, Err(Reset::Future | Reset::Epoch)), "{answer:?}");
}

pub(crate) async fn coordinates_survive_their_encoding<S: Store>(store: &S) {
    let start = store.tail_start().await.unwrap();
    store.append(&topic("orders"), numbered(Timestamp::now(), "", 20)).await.unwrap();
    for (position, entry) in read_changes(store, &orders(), &start, 20).await {
        assert_eq!(again(&position), Some(position));
        assert_eq!(again(&entry.key), Some(entry.key));
    }
}

fn again<C: Coordinate>(coordinate: &C) -> Option<C> {
    let mut bytes = Vec::new();
    coordinate.encode(&mut bytes);
    let mut input = bytes.as_slice();
    let decoded = C::decode(&mut input);
    assert!(input.is_empty(), "all of it is taken");
    decoded
}

pub(crate) async fn it_does_what_a_follower_relies_on<S: Store>(store: &S) {
    let append = async |count| {
        for _ in 0..count {
            for workflow in ["orders", "other"] {
                let row = rows(Timestamp::now(), [workflow.to_owned()]);
                store.append(&topic(workflow), row).await.unwrap();
            }
        }
    };
    let orders = orders();
    let checked = contract::check(store, &orders, append);
    timeout(4 * PATIENCE, checked).await.expect("it does not wait for ever").unwrap();
}

pub(crate) async fn workspaces_and_workflows_are_listed<S: Store>(store: &S) {
    assert_eq!(store.workspaces(None, 10).await.unwrap(), [""; 0]);
    for (workspace, workflow) in [("etl", "b"), ("etl", "a"), ("crm", "c"), ("etl", "a")] {
        let row = rows(past(1), ["x".to_owned()]);
        store.append(&Topic::new(workspace, workflow), row).await.unwrap();
    }
    assert_eq!(store.workspaces(None, 10).await.unwrap(), ["crm", "etl"]);
    assert_eq!(store.workflows("etl", None, 10).await.unwrap(), ["a", "b"]);
    assert_eq!(store.workflows("none", None, 10).await.unwrap(), [""; 0]);
}
