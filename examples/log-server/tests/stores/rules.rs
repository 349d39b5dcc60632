//! Rules on rows: one's own are found, and no others.

use fastrand::Rng;
use gapless_sse_core::follow::{Filter, Record, SortOrder, Topic};
use jiff::Timestamp;
use log_server::access::{RowRule, RowRules};
use log_server::row::NewRow;
use log_server::search::Search;
use log_server::store::{AppendError, Store};
use serde_json::{Value, json};

use crate::searches::{admits, row, terms};
use crate::suite::{message, messages, orders, past, read_all, rows, settle, topic};

const ROWS: usize = 300;

/// Those who have rules, and what of a row's field is theirs.
const USERS: [&str; 9] =
    ["ann", "bob", "7", "-7", "true", "null", "", "650d5c1b2f8e4a0012345678", "a \"b\"'\\ü"];

fn owner(rng: &mut Rng) -> Value {
    let user = *rng.choice(&USERS).unwrap();
    match rng.u8(..10) {
        0 => json!(7),
        1 => json!(7.0),
        2 => json!(-7),
        3 => json!(rng.bool()),
        4 => Value::Null,
        5 => json!([user]),
        6 => json!({ "name": user }),
        7 => json!(rng.choice(&[7.5, 1e300, 0.0]).unwrap()),
        _ => json!(user),
    }
}

fn ruled_row(rng: &mut Rng, start: Timestamp) -> NewRow {
    let mut row = row(rng, start);
    if rng.u8(..5) > 0 {
        row.more.insert("owner".to_owned(), owner(rng));
    }
    let team = match rng.u8(..4) {
        0 => owner(rng),
        1 => json!({ "name": owner(rng), "size": 3 }),
        2 => json!([{ "name": owner(rng) }]),
        _ => json!({ "other": 1 }),
    };
    row.more.insert("team".to_owned(), team);
    row
}

/// By hand, and not as the server decides it.
fn is_of(value: Option<&Value>, user: &str) -> bool {
    match value {
        Some(Value::String(text)) => text == user,
        Some(Value::Bool(value)) => value.to_string() == user,
        Some(Value::Number(number)) => number.as_f64().is_some_and(|number| {
            number.fract() == 0.0 && number.abs() < 1e9 && format!("{number}") == user
        }),
        _ => false,
    }
}

fn meets(RowRules(rules): &RowRules, row: &NewRow) -> bool {
    rules.iter().all(|RowRule { field, value }| match &**field {
        "owner" => is_of(row.more.get("owner"), value),
        _ => is_of(row.more["team"].get("name"), value),
    })
}

fn rules(rng: &mut Rng) -> RowRules {
    let rule = |rng: &mut Rng, field: &str| RowRule {
        field: field.into(),
        value: (*rng.choice(&USERS).unwrap()).into(),
    };
    let field = if rng.u8(..4) == 0 { "team.name" } else { "owner" };
    let mut rules = vec![rule(rng, field)];
    if rng.u8(..6) == 0 {
        let field = *rng.choice(&["owner", "team.name"]).unwrap();
        rules.push(rule(rng, field));
    }
    RowRules(rules)
}

pub(crate) async fn rules_show_ones_own_rows_and_no_others_whatever_is_searched_for<S: Store>(
    store: &S,
) {
    let mut rng = Rng::with_seed(13);
    let start = Timestamp::from_millisecond(past(1000).as_millisecond()).unwrap();
    let rows: Vec<_> = (0..ROWS).map(|_| ruled_row(&mut rng, start)).collect();
    store.append(&topic("orders"), rows.clone()).await.unwrap();
    store.append(&topic("other"), rows.clone()).await.unwrap();
    settle(store, &orders(), ROWS).await;
    let (unruled, _) = read_all(store, &orders(), SortOrder::Ascending, ROWS).await;
    let all: Vec<&NewRow> = messages(&unruled)
        .iter()
        .map(|message| rows.iter().find(|row| row.message == *message).unwrap())
        .collect();
    let mut found = 0;
    for round in 0..150 {
        // Half of them look for everything that is theirs.
        let terms = if round % 2 == 0 {
            terms(&mut rng, start)
        } else {
            log_server::search::Terms::default()
        };
        let rules = rules(&mut rng);
        let expected = all.iter().filter(|row| meets(&rules, row) && admits(&terms, row));
        let mut expected: Vec<_> = expected.map(|row| row.message.clone()).collect();
        let search = Search::new(terms.clone()).unwrap().under(&rules);
        // Of pages, the store leaves out what it can; of streams, nothing.
        let streamed = unruled.iter().filter(|entry| search.admits(&entry.record.mark()));
        let streamed: Vec<_> = streamed.map(|entry| message(&entry.record)).collect();
        assert_eq!(streamed, expected, "{rules:?}, {terms:?} on a stream");
        let scope = orders().filtered(search);
        let limit = *rng.choice(&[1, 3, 50, 1000]).unwrap();
        for order in [SortOrder::Ascending, SortOrder::Descending] {
            let (read, _) = read_all(store, &scope, order, limit).await;
            assert_eq!(messages(&read), expected, "{rules:?}, {terms:?}, {order:?}, by {limit}");
            expected.reverse();
        }
        found += expected.len();
    }
    assert!(found > 300, "{found} found");
}

pub(crate) async fn an_id_is_free_in_a_workflow_whatever_ids_others_have<S: Store>(store: &S) {
    let named = |id: &str, message: &str| {
        let mut rows = rows(past(100), [message.to_owned()]);
        rows[0].id = Some(id.to_owned());
        rows
    };
    let places = [("etl", "orders"), ("etl", "other"), ("crm", "orders"), ("", "etlorders")];
    for (workspace, workflow) in places {
        let topic = Topic::new(workspace, workflow);
        for _ in 0..2 {
            let written = store.append(&topic, named("mine", workflow)).await.unwrap();
            assert_eq!(written, ["mine"], "in {topic:?}");
        }
        let taken = store.append(&topic, named("mine", "something else")).await;
        assert!(matches!(taken, Err(AppendError::Conflict { row: 0, .. })), "{taken:?}");
    }
    settle(store, &orders(), 1).await;
    let (read, _) = read_all(store, &orders(), SortOrder::Ascending, 10).await;
    let row: Value = serde_json::from_str(read[0].record.json()).unwrap();
    assert_eq!(row["id"], "mine");
}
