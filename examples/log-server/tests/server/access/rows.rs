//! Who has rules sees his own rows, writes his own rows, and learns of no others.

use fastrand::Rng;
use http_body_util::Full;
use hyper::Request;
use serde_json::{Value, json};

use super::setup::{Guarded, bearer, tokens};
use crate::answers::problem;
use crate::http::{self, Answer};
use crate::store::{LOGS, Store};
use crate::stream::Client;

const LIST: &str = "/wfm/workflow/workspace";

/// Ann and Bob have rules and may be in two workspaces, Eve writes and does not read, the chief
/// sees all.
fn config() -> String {
    let own = "workspaces = [\"etl\", \"ml\"]\nrights = [\"read\", \"append\"]\n\
        rows = { owner = \"{sub}\" }";
    let entries = tokens(&[
        ("ann", "ann", own),
        ("bob", "bob", own),
        ("eve", "eve", "workspaces = [\"etl\"]\nrights = [\"append\"]"),
        ("lost", "lost", "workspaces = [\"*\"]\nrows = { team = \"x\" }"),
        ("chief", "chief", "workspaces = [\"*\"]\nrights = [\"read\", \"append\"]"),
    ]);
    format!("row-fields = [\"owner\"]\n{entries}")
}

fn logs(workspace: &str, workflow: &str) -> String {
    format!("/wfm/workflow/workspace/{workspace}/workflow/{workflow}/logs")
}

/// Writes a row, and waits until a page shows it to who may see all: polling takes a moment.
async fn write(guarded: &Guarded, path: &str, token: &str, row: Value) {
    let posted = guarded.post(path, token, row.to_string()).await;
    assert_eq!(posted.status, 201, "{posted:?}");
    let id = posted.json()["ids"][0].as_str().unwrap().to_owned();
    while !guarded.get(&format!("{path}?limit=10"), "chief").await.text.contains(&id) {}
}

fn messages(page: &Answer) -> Vec<String> {
    assert_eq!(page.status, 200, "{page:?}");
    let page = page.json();
    let rows = page["logs"].as_array().unwrap().iter();
    rows.map(|row| row["message"].as_str().unwrap().to_owned()).collect()
}

fn names(list: &Answer) -> Vec<String> {
    let list = list.json();
    let names = list.as_object().unwrap().values().find_map(Value::as_array).unwrap().iter();
    names.map(|name| name.as_str().unwrap().to_owned()).collect()
}

async fn rules_hold_on_every_path_and_no_search_undoes_them(store: Store) {
    let guarded = Guarded::start_with(store, &config());
    let address = guarded.server.address;
    while guarded.get("/readyz", "chief").await.status != 200 {}
    for n in 0..6 {
        for user in ["ann", "bob"] {
            write(&guarded, LOGS, user, json!({ "message": format!("{user} {n}") })).await;
        }
        write(&guarded, LOGS, "chief", json!({ "message": format!("nobody {n}") })).await;
    }
    let (of_bob, of_ann) = (logs("etl", "of-bob"), logs("etl", "of-ann"));
    write(&guarded, &of_bob, "bob", json!({ "message": "bob" })).await;
    write(&guarded, &logs("ml", "of-bob"), "bob", json!({ "message": "bob" })).await;
    write(&guarded, &of_ann, "chief", json!({ "message": "ann", "owner": "ann" })).await;

    for search in [
        "",
        "q=n",
        "q=bob",
        "q=owner",
        "regex=.*",
        "regex=bob|nobody|ann",
        "level=INFO",
        "type=log",
        "level=INFO&type=log&q=n&regex=n&limit=2",
        "from=2000-01-01T00:00:00Z",
        "order=asc&limit=1",
    ] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = guarded.get(&format!("{LOGS}?{search}{cursor}"), "ann").await;
            for word in ["bob", "nobody", "scanned", "reached"] {
                assert!(!page.text.contains(word), "{search}: {page:?}");
            }
            seen.extend(messages(&page));
            let page = page.json();
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let expected = if search == "q=bob" || search == "q=owner" { 0 } else { 6 };
        assert_eq!(seen.len(), expected, "{search}: {seen:?}");
    }
    assert_eq!(messages(&guarded.get(LOGS, "chief").await).len(), 18);

    // What was written before a stream, and what is written during it.
    let headers = |user| vec![("authorization", bearer(user))];
    let mut ann = Client { headers: headers("ann"), ..Client::default() };
    let mut stream = ann.connect(address, &format!("{LOGS}/stream?history=all")).await;
    ann.read_until(&mut stream, |ann| ann.messages.len() == 6).await;
    for n in 6..9 {
        for user in ["bob", "ann"] {
            write(&guarded, LOGS, user, json!({ "message": format!("{user} {n}") })).await;
        }
    }
    ann.read_until(&mut stream, |ann| ann.messages.len() >= 9).await;
    ann.read_all_that_is_due(&mut stream).await;
    assert_eq!(ann.messages, (0..9).map(|n| format!("ann {n}")).collect::<Vec<_>>());

    let workflows = format!("{LIST}/etl/workflow");
    assert_eq!(names(&guarded.get(&workflows, "ann").await), ["of-ann", "orders"]);
    assert_eq!(names(&guarded.get(&workflows, "bob").await), ["of-bob", "orders"]);
    assert_eq!(names(&guarded.get(LIST, "ann").await), ["etl"]);
    assert_eq!(names(&guarded.get(LIST, "bob").await), ["etl", "ml"]);
    assert_eq!(names(&guarded.get(&workflows, "chief").await), ["of-ann", "of-bob", "orders"]);

    // One that is there and one that is not are the same to her.
    let there = guarded.get(&of_bob, "ann").await.json();
    let nowhere = guarded.get(&logs("etl", "nowhere"), "ann").await.json();
    assert_eq!((&there["logs"], &there["next"]), (&nowhere["logs"], &nowhere["next"]));
    assert_eq!(there.as_object().unwrap().len(), nowhere.as_object().unwrap().len());
    for path in [LOGS.to_owned(), format!("{LOGS}/stream"), workflows] {
        problem(&guarded.get(&path, "lost").await, 403, "about the field \"team\"");
    }
}

#[tokio::test]
async fn rules_hold_on_every_path_of_sqlite() {
    rules_hold_on_every_path_and_no_search_undoes_them(Store::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn rules_hold_on_every_path_of_mongodb() {
    rules_hold_on_every_path_and_no_search_undoes_them(Store::replica_set()).await;
}

#[tokio::test]
async fn a_search_that_stops_does_not_say_how_many_rows_there_are() {
    let guarded = Guarded::start(&format!("{}[options]\nsearch-rows = 3\n", config()));
    for n in 0..8 {
        for user in ["ann", "chief"] {
            write(&guarded, LOGS, user, json!({ "message": n.to_string() })).await;
        }
    }
    let search = format!("{LOGS}?q=nowhere");
    let of =
        |page: &Answer| page.json()["incomplete"].as_object().unwrap().keys().cloned().collect();
    let (all, own): (Vec<_>, Vec<_>) =
        (of(&guarded.get(&search, "chief").await), of(&guarded.get(&search, "ann").await));
    assert_eq!((all.len(), own), (3, vec!["detail".to_owned()]), "{all:?}");
}

async fn nobody_learns_of_ids_by_writing(store: Store) {
    let guarded = Guarded::start_with(store, &config());
    while guarded.get("/readyz", "chief").await.status != 200 {}
    let keyed = async |path: &str, token: &str, message: &str| {
        let request = Request::post(path)
            .header("authorization", bearer(token))
            .header("content-type", "application/json")
            .header("idempotency-key", "import-7");
        let body = json!({ "message": message }).to_string();
        let request = request.body(Full::new(body.into())).unwrap();
        http::ask(guarded.server.address, request).await
    };
    let ids = |answer: &Answer| {
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["ids"].clone()
    };
    // All of them write the same ids, and each something else.
    let ml = logs("ml", "orders");
    let mut given = Vec::new();
    for (path, user) in
        [(LOGS, "chief"), (&ml, "chief"), (LOGS, "ann"), (LOGS, "bob"), (LOGS, "eve"), (&ml, "ann")]
    {
        let own = json!({ "message": format!("of {user}"), "id": "mine" }).to_string();
        let first = [guarded.post(path, user, own.clone()).await, keyed(path, user, user).await];
        let again = [guarded.post(path, user, own).await, keyed(path, user, user).await];
        assert_eq!(first.each_ref().map(ids), again.each_ref().map(ids), "{user}");
        given.push((path == ml, ids(&first[0]), ids(&first[1])));
        // One's own are known to be taken.
        let other = json!({ "message": "other", "id": "mine" }).to_string();
        assert_eq!(guarded.post(path, user, other).await.status, 409);
        assert_eq!(keyed(path, user, "other").await.status, 409);
    }
    for (at, one) in given.iter().enumerate() {
        assert!(!given[..at].contains(one), "{one:?} twice, in {given:?}");
    }
    assert_eq!(given[0], (false, json!(["mine"]), json!(["import-7:1"])));
    // Nor by giving the whole id of another.
    let of_ann = given[2].1[0].as_str().unwrap();
    let taken = json!({ "message": "is it there?", "id": of_ann }).to_string();
    assert_ne!(ids(&guarded.post(LOGS, "bob", taken).await)[0], of_ann);
    while messages(&guarded.get(LOGS, "chief").await).len() < 9 {}
    let page = guarded.get(LOGS, "chief").await.json();
    let shown = |id: &Value| page["logs"].as_array().unwrap().iter().any(|row| row["id"] == *id);
    for (elsewhere, id, key) in &given {
        assert!(*elsewhere || shown(&id[0]) && shown(&key[0]), "{id} or {key} in {page}");
    }

    let bobs = "{\"message\":\"x\",\"owner\":\"bob\"}";
    let refused = guarded.post(LOGS, "ann", bobs).await;
    problem(&refused, 403, "line 1: `owner` is \"bob\"");
    problem(&refused, 403, "none of the 1 lines was written");
    let taken = "{\"message\":\"x\",\"owner\":\"ann\"}";
    assert_eq!(guarded.post(LOGS, "ann", taken).await.status, 201);
}

#[tokio::test]
async fn nobody_learns_of_ids_by_writing_to_sqlite() {
    nobody_learns_of_ids_by_writing(Store::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn nobody_learns_of_ids_by_writing_to_mongodb() {
    nobody_learns_of_ids_by_writing(Store::replica_set()).await;
}

/// What a stream says before its rows, and what those are.
async fn resumed(guarded: &Guarded, path: &str, user: &str, id: &str) -> (Client, Vec<String>) {
    let headers = vec![("authorization", bearer(user))];
    let mut client = Client { headers, last_id: id.to_owned(), ..Client::default() };
    let path = format!("{path}/stream?history=all");
    let mut stream = client.connect(guarded.server.address, &path).await;
    while client.notices("start").is_empty() {
        client.read(&mut stream).await;
    }
    let is_done = |client: &Client| client.comments > 0 || !client.notices("sync").is_empty();
    client.read_until(&mut stream, is_done).await;
    let began = ["start", "reset"].map(|event| client.notices(event).join(" "));
    (client, began.into())
}

#[tokio::test]
async fn ids_and_cursors_of_others_bring_ones_own_rows_and_say_nothing() {
    let guarded = Guarded::start(&config());
    let mut rng = Rng::with_seed(5);
    let ml = logs("ml", "orders");
    let mut own = Vec::new();
    for n in 0..40 {
        let user = *rng.choice(&["ann", "bob", "chief"]).unwrap();
        let path = *rng.choice(&[LOGS, &ml]).unwrap();
        write(&guarded, path, user, json!({ "message": format!("{user} {n}") })).await;
        if (user, path) == ("bob", LOGS) {
            own.push(format!("bob {n}"));
        }
    }
    assert!(own.len() > 3);
    // Cursors and ids of others, of the same workflow and of another workspace, and garbage.
    let (mut cursors, mut ids) = (Vec::new(), Vec::new());
    for (path, user) in [(LOGS, "ann"), (LOGS, "chief"), (&*ml, "bob"), (&*ml, "chief")] {
        let page = guarded.get(&format!("{path}?limit=2"), user).await.json();
        cursors.extend(page["next"].as_str().map(|next| (path == ml, next.to_owned())));
        ids.push((path == ml, page["stream_position"].as_str().unwrap().to_owned()));
        let (client, _) = resumed(&guarded, path, user, "").await;
        ids.push((path == ml, client.last_id));
    }
    let said = |answer: &Answer| {
        let mut said = answer.json();
        said.as_object_mut().unwrap().remove("request_id");
        (answer.status, said)
    };
    let garbage = |rng: &mut Rng| (0..30).map(|_| rng.alphanumeric()).collect::<String>();
    let refused = guarded.get(&format!("{LOGS}?cursor={}", garbage(&mut rng)), "bob").await;
    assert_eq!(refused.status, 400);
    assert!(cursors.len() > 2);
    for (foreign, cursor) in cursors {
        let page = guarded.get(&format!("{LOGS}?cursor={cursor}&limit=40"), "bob").await;
        if foreign {
            assert_eq!(said(&page), said(&refused), "as garbage is");
        } else {
            assert!(messages(&page).iter().all(|message| own.contains(message)), "{page:?}");
        }
    }
    let (_, refused) = resumed(&guarded, LOGS, "bob", &garbage(&mut rng)).await;
    for (foreign, id) in ids {
        let (client, began) = resumed(&guarded, LOGS, "bob", &id).await;
        assert!(client.messages.iter().all(|message| own.contains(message)), "{client:?}");
        if foreign {
            assert_eq!((&began, &client.messages), (&refused, &own), "as after garbage");
        }
    }
}

#[tokio::test]
async fn a_row_and_its_neighbours_are_ones_own_and_others_are_as_if_they_were_not_there() {
    let guarded = Guarded::start_with(Store::sqlite(), &config());
    while guarded.get("/readyz", "chief").await.status != 200 {}
    for n in 0..3 {
        for user in ["ann", "bob"] {
            let row = json!({ "id": format!("{user}{n}"), "message": format!("{user} {n}") });
            write(&guarded, LOGS, user, row).await;
        }
    }
    // What who has rules calls a row is not all of its id.
    let page = guarded.get(LOGS, "chief").await.json();
    let row = async |name: &str, token| {
        let mut ids =
            page["logs"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap());
        let id = ids.find(|id| id.starts_with(name)).unwrap_or(name);
        guarded.get(&format!("{LOGS}/row/{id}"), token).await
    };
    let seen = row("ann1", "ann").await;
    assert_eq!(seen.status, 200, "{seen:?}");
    let seen = seen.json();
    let texts = |rows: &Value| -> Vec<String> {
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row["message"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        (texts(&seen["before"]), texts(&seen["after"])),
        (vec!["ann 0".to_owned()], vec!["ann 2".to_owned()])
    );
    let all = row("ann1", "chief").await.json();
    assert_eq!((texts(&all["before"]).len(), texts(&all["after"]).len()), (2, 3));
    let (hidden, missing) = (row("bob1", "ann").await, row("bob9", "ann").await);
    problem(&hidden, 404, "no row of this id");
    assert_eq!(hidden.json()["detail"], missing.json()["detail"]);
    let export = guarded.get(&format!("{LOGS}/export"), "ann").await;
    assert_eq!((export.status, export.text.lines().count()), (200, 4));
    assert!(!export.text.contains("bob"), "{export:?}");
}
