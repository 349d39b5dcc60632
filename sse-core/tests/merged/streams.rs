//! One stream of several logs.

use std::time::Duration;

use gapless_sse_core::follow::History;
use proptest::prelude::*;
use tokio::time::timeout;

use crate::client::Client;
use crate::tables::{NAMES, State, Table, logs};

fn tables() -> Vec<Table> {
    NAMES.iter().map(|_| Table::default()).collect()
}

/// What may happen to a client and its logs.
#[derive(Clone, Debug)]
enum Step {
    Append(usize, u64),
    Read(u8),
    /// The client reads so many pieces, and the one after them is lost on the way.
    Cut,
    Be(usize, State),
    Pass(u16),
}

fn step() -> impl Strategy<Value = Step> {
    let state =
        prop_oneof![3 => Just(State::Answers), 1 => Just(State::Fails), 1 => Just(State::Hangs)];
    prop_oneof![
        6 => (0..NAMES.len(), 1..8_u64).prop_map(|(table, count)| Step::Append(table, count)),
        6 => (1..6_u8).prop_map(Step::Read),
        3 => Just(Step::Cut),
        2 => (0..NAMES.len(), state).prop_map(|(table, state)| Step::Be(table, state)),
        1 => (1..5000_u16).prop_map(Step::Pass),
    ]
}

/// Every record exactly once and in the order of its log, whatever is cut and whoever is away.
async fn exactly_once(before: Vec<(usize, u64)>, steps: Vec<Step>) {
    let (tables, mut number) = (tables(), 0);
    let mut append = |table: usize, count| {
        for _ in 0..count {
            number += 1;
            tables[table].append(number);
        }
    };
    for (table, count) in before {
        append(table, count);
    }
    let logs = logs(&tables);
    let mut client = Client::default();
    let mut stream = client.connect(&logs, History::All);
    for step in steps {
        match step {
            Step::Append(table, count) => append(table, count),
            Step::Read(pieces) => {
                for _ in 0..pieces {
                    client.read(&mut stream, Duration::from_millis(100)).await;
                }
            }
            Step::Cut => {
                let _ = timeout(Duration::from_millis(100), stream.next()).await;
                drop(stream);
                stream = client.connect(&logs, History::All);
            }
            Step::Be(table, state) => tables[table].be(state),
            Step::Pass(time) => tokio::time::advance(Duration::from_millis(time.into())).await,
        }
    }
    for table in &tables {
        table.be(State::Answers);
    }
    client.read_all(&mut stream).await;
    for table in &tables {
        let numbers = table.numbers();
        let given = client.records.iter().filter(|number| numbers.contains(number));
        assert_eq!(given.copied().collect::<Vec<_>>(), numbers, "{client:?}");
    }
    assert_eq!(client.records.len() as u64, number);
    assert!(client.told("reset").is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]
    #[test]
    fn every_record_comes_once_whatever_is_cut_and_whoever_is_away(
        before in prop::collection::vec((0..NAMES.len(), 1..300_u64), 0..8),
        steps in prop::collection::vec(step(), 0..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(exactly_once(before, steps));
    }
}

/// Appends these numbers to the tables in turn.
fn in_turn(tables: &[Table], numbers: std::ops::RangeInclusive<u64>) {
    for (number, table) in numbers.zip(tables.iter().cycle()) {
        table.append(number);
    }
}

#[tokio::test(start_paused = true)]
async fn history_comes_in_one_order_and_the_newest_are_those_of_all() {
    let tables = tables();
    in_turn(&tables, 1..=3000);
    // The last of the logs has the newest alone.
    (3001..=3010).for_each(|number| tables[2].append(number));
    let logs = logs(&tables);
    let mut all = Client::default();
    all.read_all(&mut all.connect(&logs, History::All)).await;
    assert!(all.records.iter().copied().eq(1..=3010), "in order");
    for newest in [0, 1, 12, 3009] {
        let mut client = Client::default();
        client.read_all(&mut client.connect(&logs, History::Newest(newest))).await;
        let first = 3011 - newest as u64;
        assert!(client.records.iter().copied().eq(first..=3010), "{newest}: {:?}", client.records);
    }
}

#[tokio::test(start_paused = true)]
async fn live_records_come_after_history() {
    let tables = tables();
    (1..=2500).for_each(|number| tables[0].append(number));
    tables[1].append(2501);
    let logs = logs(&tables);
    let mut client = Client::default();
    let mut stream = client.connect(&logs, History::All);
    while client.records.is_empty() {
        assert!(client.read(&mut stream, Duration::from_secs(60)).await);
    }
    tables[2].append(2502);
    client.read_all(&mut stream).await;
    assert!(client.records.iter().copied().eq(1..=2502));
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_away_is_named_and_stops_none_of_the_others() {
    for state in [State::Fails, State::Hangs] {
        let tables = tables();
        in_turn(&tables, 1..=30);
        tables[1].be(state);
        let logs = logs(&tables);
        let mut client = Client::default();
        let mut stream = client.connect(&logs, History::All);
        while client.records.len() < 20 {
            assert!(client.read(&mut stream, Duration::from_secs(5)).await, "{client:?}");
        }
        tables[0].append(31);
        client.read_all(&mut stream).await;
        assert_eq!(client.records.len(), 21, "{state:?}");
        if state == State::Fails {
            let told = client.told("status");
            let begins = r#"{"log":"bills","source":"unavailable","#;
            assert!(told.iter().any(|status| status.starts_with(begins)), "{told:?}");
            assert!(told.iter().all(|status| status.contains(r#""log":"bills""#)));
        }
        // Its client comes back meanwhile, and has nothing twice.
        stream = client.connect(&logs, History::All);
        tables[2].append(32);
        client.read_all(&mut stream).await;
        assert_eq!(client.records.len(), 22, "{state:?}");
        tables[1].be(State::Answers);
        client.read_all(&mut stream).await;
        client.records.sort_unstable();
        assert!(client.records.iter().copied().eq(1..=32), "{state:?}: {client:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_new_to_the_client_begins_and_one_that_is_gone_is_carried_along() {
    let tables = tables();
    in_turn(&tables, 1..=9);
    let all = logs(&tables);
    let only = |chosen: &'static [&str]| all.only(|name| chosen.contains(&name)).unwrap();
    let mut client = Client::default();
    client.read_all(&mut client.connect(&only(&["orders", "bills"]), History::All)).await;
    assert_eq!(client.records, [1, 2, 4, 5, 7, 8]);

    client.read_all(&mut client.connect(&only(&["bills", "stock"]), History::All)).await;
    assert_eq!(client.records[6..], [3, 6, 9]);
    let start = client.told("start")[1];
    let start: serde_json::Value = serde_json::from_str(start).unwrap();
    assert_eq!(start["resumed"], false);
    assert_eq!(start["logs"]["bills"]["resumed"], true);
    assert_eq!(start["logs"]["stock"]["resumed"], false);
    assert_eq!(start["unknown"], serde_json::json!(["orders"]));

    in_turn(&tables, 10..=12);
    client.read_all(&mut client.connect(&all, History::All)).await;
    client.records[9..].sort_unstable();
    assert_eq!(client.records[9..], [10, 11, 12], "it goes on where it was");
    assert!(client.told("start")[2].starts_with(r#"{"resumed":true,"reset":null"#));
}

#[tokio::test(start_paused = true)]
async fn a_log_that_starts_over_is_named_and_the_others_go_on() {
    let tables = tables();
    in_turn(&tables, 1..=9);
    let logs = logs(&tables);
    let mut client = Client::default();
    client.read_all(&mut client.connect(&logs, History::All)).await;
    // Somebody has given one log the position of another.
    let parts: Vec<_> = client.last_id.split('~').collect();
    let bills = parts[1].strip_prefix("bills=").unwrap();
    let forged = format!("orders={bills}~{}~{}", parts[1], parts[2]);
    client.last_id = forged;
    client.records.clear();
    client.read_all(&mut client.connect(&logs, History::All)).await;
    assert_eq!(client.records, tables[0].numbers());
    assert_eq!(client.told("reset"), [r#"{"log":"orders","reason":"bad_id"}"#]);
    let start: serde_json::Value = serde_json::from_str(client.told("start")[1]).unwrap();
    assert_eq!((&start["resumed"], &start["reset"]), (&false.into(), &"bad_id".into()));
    assert_eq!(start["logs"]["orders"]["reset"], "bad_id");
    assert_eq!(start["logs"]["bills"]["resumed"], true);

    // An id that is none of several logs is none of any of them.
    client.last_id = "what is this".to_owned();
    client.records.clear();
    client.read_all(&mut client.connect(&logs, History::All)).await;
    assert_eq!(client.told("reset").len(), 4);
    assert!(client.records.iter().copied().eq(1..=9));
}
