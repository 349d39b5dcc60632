//! Tickets, for clients that can send neither a header nor a cookie.

use serde_json::json;
use tokio::task::JoinSet;

use crate::http;
use crate::signed::{ANN, Ask, BOB, OPERATOR, Signed, denied, signed, stream_path};
use crate::store::LOGS;

fn by(path: &str, ticket: &str) -> Ask {
    let mark = if path.contains('?') { '&' } else { '?' };
    Ask::get(format!("{path}{mark}ticket={ticket}"))
}

#[tokio::test]
async fn a_ticket_opens_once_what_its_owner_may_read() {
    let server = Signed::start("").await;
    server.writer.write("a row").await;
    let session = server.session(ANN).await;
    for ask in [
        Ask::post("/ticket").bearer(ANN),
        Ask::post("/ticket").bearer(&signed("ann", json!({}))),
        Ask::post("/ticket").cookie(&session),
    ] {
        let answer = server.answer(ask.clone()).await;
        assert_eq!((answer.status, &answer.json()["expires_in"]), (201, &30.into()));
        let ticket = answer.json()["ticket"].as_str().unwrap().to_owned();
        assert!(!ticket.contains("ann") && !answer.text.contains(ANN), "{answer:?}");
        let page = server.answer(by(&format!("{LOGS}?limit=5&order=asc"), &ticket)).await;
        assert_eq!(page.status, 200, "{page:?}");
        assert!(page.text.contains("a row"));
        let again = server.answer(by(LOGS, &ticket)).await;
        assert_eq!((again.status, &again.json()["reason"]), (401, &"unknown".into()));
        assert!(again.text.contains("was used"), "{again:?}");

        let ticket = server.ticket(ask.clone()).await;
        let _open = server.stream(by(&stream_path(), &ticket)).await;
        assert_eq!(server.status(by(&stream_path(), &ticket)).await, 401);
        let ticket = server.ticket(ask.clone()).await;
        let shown = server.answer(by("/session", &ticket)).await.json();
        assert_eq!((&shown["user"], &shown["known_by"]), (&"ann".into(), &"ticket".into()));
        let ticket = server.ticket(ask).await;
        assert_eq!(server.status(by(&LOGS.replace("/etl/", "/crm/"), &ticket)).await, 403);
    }
}

#[tokio::test]
async fn a_ticket_only_reads() {
    let server = Signed::start("").await;
    let ask = || Ask::post("/ticket").bearer(ANN);
    let row = json!({"message": "by a ticket"});
    let ticket = server.ticket(ask()).await;
    let append = Ask::post(format!("{LOGS}?ticket={ticket}")).json(&row);
    assert_eq!(server.status(append).await, 403);
    let ticket = server.ticket(ask()).await;
    assert_eq!(server.status(Ask::post(format!("/ticket?ticket={ticket}"))).await, 403);
    // Who may only operate may read nothing, and a ticket is of no use to him.
    assert_eq!(server.status(Ask::post("/ticket").bearer(OPERATOR)).await, 403);
    for ask in [Ask::post("/ticket"), Ask::post("/ticket").bearer("x")] {
        assert_eq!(server.status(ask).await, 401);
    }
}

#[tokio::test]
async fn a_ticket_for_a_place_is_good_there_and_nowhere_else() {
    let server = Signed::start("").await;
    let token = signed("cem", json!({"workspaces": ["etl", "crm"]}));
    let for_place = |place| Ask::post("/ticket").bearer(&token).json(&place);
    let elsewhere = LOGS.replace("/orders/", "/other/");
    let ticket = server.ticket(for_place(json!({"workspace": "etl", "workflow": "orders"}))).await;
    assert_eq!(server.status(by(&elsewhere, &ticket)).await, 403);
    assert_eq!(server.status(by(&LOGS.replace("/etl/", "/crm/"), &ticket)).await, 403);
    assert_eq!(server.status(by("/wfm/workflow/workspace", &ticket)).await, 403);
    assert_eq!(server.status(by(LOGS, &ticket)).await, 200, "it was not used by that");
    let ticket = server.ticket(for_place(json!({"workspace": "etl"}))).await;
    assert_eq!(server.status(by(&elsewhere, &ticket)).await, 200);
    // A place where its owner may not read does not become one where he may.
    let ask = Ask::post("/ticket").bearer(BOB).json(&json!({"workspace": "etl"}));
    let ticket = server.ticket(ask).await;
    assert_eq!(server.status(by(LOGS, &ticket)).await, 403);
    for wrong in [json!({"workflow": "orders"}), json!({"workspace": 7}), json!({"place": "etl"})] {
        assert_eq!(server.status(for_place(wrong)).await, 400);
    }
}

#[tokio::test]
async fn tickets_that_were_changed_or_given_twice_are_not_taken() {
    let server = Signed::start("").await;
    let ticket = server.ticket(Ask::post("/ticket").bearer(ANN)).await;
    let session = server.session(ANN).await;
    let session = session.strip_prefix("log_session=").unwrap();
    for at in [0, 1, 20, 33, 40, ticket.len() / 2, ticket.len() - 1] {
        let mut changed = ticket.clone().into_bytes();
        changed[at] = if changed[at] == b'B' { b'C' } else { b'B' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(server.status(by(LOGS, &changed)).await, 401, "{at}");
    }
    for wrong in ["", "x", session, ANN, "%00", "../../etc/passwd", &"A".repeat(4000)] {
        assert_eq!(server.status(by(LOGS, wrong)).await, 401, "{wrong}");
    }
    assert_eq!(server.status(by(&format!("{LOGS}?ticket={ticket}"), &ticket)).await, 400);
    assert_eq!(server.status(by(LOGS, &ticket)).await, 200);
}

#[tokio::test]
async fn of_many_who_bring_the_same_ticket_at_once_one_is_let_in() {
    let server = Signed::start("").await;
    let ticket = server.ticket(Ask::post("/ticket").bearer(ANN)).await;
    let mut asks = JoinSet::new();
    for _ in 0..20 {
        let (address, path) = (server.server.address, format!("{LOGS}?ticket={ticket}"));
        asks.spawn(async move { http::get(address, &path).await.status });
    }
    let answers = asks.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 401).count(), 19, "{answers:?}");
}

#[tokio::test]
async fn a_stream_lives_as_long_as_who_asked_for_its_ticket() {
    let server = Signed::start("").await;
    let soon = jiff::Timestamp::now().as_second() + 4;
    let token = signed("dan", json!({ "exp": soon, "jti": "of-dan" }));
    let ticket = server.ticket(Ask::post("/ticket").bearer(&token)).await;
    let stream = server.stream(by(&stream_path(), &ticket)).await;
    assert_eq!(denied(stream).await, "expired");

    let token = signed("eve", json!({ "jti": "of-eve" }));
    let ticket = server.ticket(Ask::post("/ticket").bearer(&token)).await;
    let unused = server.ticket(Ask::post("/ticket").bearer(&token)).await;
    let stream = server.stream(by(&stream_path(), &ticket)).await;
    let revoke = Ask::post("/revocations").bearer(OPERATOR).json(&json!({"credential": "of-eve"}));
    assert_eq!(server.status(revoke).await, 204);
    assert_eq!(denied(stream).await, "revoked");
    let answer = server.answer(by(LOGS, &unused)).await;
    assert_eq!((answer.status, &answer.json()["reason"]), (401, &"revoked".into()));
}
