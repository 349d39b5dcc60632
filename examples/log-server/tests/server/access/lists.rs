//! Lists show what one may see.

use gapless_sse_core::follow::Topic;
use jiff::Timestamp;
use log_server::row::NewRow;
use log_server::store::{SqliteStore, Store as _};
use mongodb::bson::{DateTime, Document, doc};

use super::setup::{Guarded, tokens};
use crate::store::{Store, Writer};

/// Workspaces in plenty, each with the workflows `a`, `b-1` and `b-2`.
fn workspaces(hidden: usize) -> Vec<String> {
    let hidden = (0..hidden).map(|n| format!("hidden-{n:05}"));
    let seen = ["etl", "etl-eu", "etl-us", "ml", "ops", "ops-eu"];
    hidden.chain(seen.map(str::to_owned)).collect()
}

const WORKFLOWS: [&str; 3] = ["a", "b-1", "b-2"];

async fn write(store: &Store, workspaces: &[String]) {
    match store.writer().await {
        Writer::Sqlite(store) => write_file(&store, workspaces).await,
        Writer::Mongo(collection) => {
            let row = |workspace: &String, workflow| -> Document {
                doc! {
                    "workspace_id": workspace, "workflow_id": workflow, "date": DateTime::now(),
                    "message": "x",
                }
            };
            let rows = workspaces.iter().flat_map(|of| WORKFLOWS.map(|workflow| row(of, workflow)));
            collection.insert_many(rows).await.unwrap();
        }
    }
}

async fn write_file(store: &SqliteStore, workspaces: &[String]) {
    for workspace in workspaces {
        for workflow in WORKFLOWS {
            let row = NewRow {
                id: None,
                date: Timestamp::now(),
                level: "INFO".to_owned(),
                kind: "test".to_owned(),
                message: "x".to_owned(),
                more: serde_json::Map::new(),
            };
            store.append(&Topic::new(&**workspace, workflow), vec![row]).await.unwrap();
        }
    }
}

/// All names of a list, read in pages of so many, and how many pages that took.
async fn all(guarded: &Guarded, path: &str, token: &str, limit: usize) -> (Vec<String>, usize) {
    let (mut names, mut pages) = (Vec::new(), 0);
    let mut after = String::new();
    loop {
        let page = guarded.get(&format!("{path}?limit={limit}{after}"), token).await;
        assert_eq!(page.status, 200, "{page:?}");
        assert!(!page.text.contains("hidden"), "{page:?}");
        let page = page.json();
        let list = page.as_object().unwrap().values().find_map(|value| value.as_array()).unwrap();
        names.extend(list.iter().map(|name| name.as_str().unwrap().to_owned()));
        pages += 1;
        let Some(next) = page["next"].as_str() else { break };
        assert_eq!(Some(next), names.last().map(String::as_str), "it names what was shown");
        after = format!("&after={next}");
    }
    (names, pages)
}

fn config() -> String {
    tokens(&[
        ("one", "one", "workspaces = [\"etl\"]\nworkflows = [\"b-*\"]"),
        ("some", "some", "workspaces = [\"etl-*\", \"ops\"]"),
        ("end", "end", "workspaces = [\"*-eu\"]"),
        ("every", "every", "workspaces = [\"etl*\", \"ml\", \"o*\"]"),
        ("none", "none", "workspaces = [\"nowhere\"]"),
        ("writes", "writes", "workspaces = [\"*\"]\nrights = [\"append\"]"),
    ])
}

async fn lists_show_what_one_may_see(store: Store, hidden: usize) {
    write(&store, &workspaces(hidden)).await;
    let guarded = Guarded::start_with(store, &config());
    while guarded.get("/readyz", "x").await.status != 200 {}
    let path = "/wfm/workflow/workspace";
    for (token, seen) in [
        ("one", &["etl"][..]),
        ("some", &["etl-eu", "etl-us", "ops"]),
        ("end", &["etl-eu", "ops-eu"]),
        ("every", &["etl", "etl-eu", "etl-us", "ml", "ops", "ops-eu"]),
        ("none", &[]),
    ] {
        for limit in [1, 2, 1000] {
            let (names, pages) = all(&guarded, path, token, limit).await;
            assert_eq!(names, seen, "{token}, {limit} at a time");
            assert_eq!(pages, seen.len().div_ceil(limit).max(1), "full pages, {token}, {limit}");
        }
    }
    assert_eq!(guarded.get(path, "writes").await.status, 403, "to write is not to see");
    let path = "/wfm/workflow/workspace/etl/workflow";
    for limit in [1, 1000] {
        assert_eq!(all(&guarded, path, "one", limit).await.0, ["b-1", "b-2"]);
        assert_eq!(all(&guarded, path, "every", limit).await.0, WORKFLOWS);
    }
    let logs = "/wfm/workflow/workspace/etl/workflow/a/logs";
    assert_eq!(guarded.get(logs, "one").await.status, 403);
    assert_eq!(guarded.get(logs, "every").await.status, 200);
}

#[tokio::test]
async fn lists_show_what_one_may_see_in_a_file() {
    lists_show_what_one_may_see(Store::sqlite(), 2500).await;
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn lists_show_what_one_may_see_in_a_collection() {
    lists_show_what_one_may_see(Store::replica_set(), 2500).await;
}
