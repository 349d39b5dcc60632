//! Tokens of the configuration.

use std::process::Command;

use http_body_util::Full;
use hyper::Request;
use jiff::{Timestamp, ToSpan};

use super::setup::{ANN, BOB, Guarded, ann_and_bob, bearer, logs, tokens};
use crate::answers::problem;
use crate::http;

const ROW: &str = r#"{"message":"x"}"#;

#[tokio::test]
async fn a_token_lets_its_user_do_what_it_is_for_and_nothing_else() {
    let guarded = Guarded::start(&ann_and_bob());
    assert_eq!(guarded.get(&logs("etl"), ANN).await.status, 200);
    assert_eq!(guarded.post(&logs("etl"), ANN, ROW).await.status, 201);
    assert_eq!(guarded.get(&logs("ml"), BOB).await.status, 200);
    assert_eq!(guarded.get("/metrics", BOB).await.status, 200);
    for (path, token) in [(logs("ml"), ANN), (logs("etl"), BOB), ("/metrics".to_owned(), ANN)] {
        let refused = guarded.get(&path, token).await;
        problem(&refused, 403, "this takes the right");
        assert_eq!(refused.json()["reason"], "forbidden");
    }
    let refused = guarded.post(&logs("ml"), BOB, ROW).await;
    problem(&refused, 403, "`append`");
}

#[tokio::test]
async fn who_is_not_known_is_told_how_to_sign_in() {
    let guarded = Guarded::start(&ann_and_bob());
    let address = guarded.server.address;
    let path = logs("etl");
    let with = async |value: Option<&str>| {
        let mut request = Request::get(&path);
        if let Some(value) = value {
            request = request.header("authorization", value);
        }
        http::send(address, request.body(Full::default()).unwrap()).await.unwrap().0
    };
    let basic = format!("Basic {ANN}");
    let longer = bearer(&format!("{ANN}x"));
    let nobody = [None, Some(""), Some("Bearer"), Some("Bearer "), Some("Bearer x")];
    for value in nobody.into_iter().chain([Some(&*basic), Some(&longer), Some(ANN)]) {
        let response = with(value).await;
        assert_eq!(response.status(), 401, "{value:?}");
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
    let two = Request::get(&path).header("authorization", bearer(ANN));
    let two = two.header("authorization", bearer(BOB)).body(Full::default()).unwrap();
    assert_eq!(http::ask(address, two).await.status, 401, "nobody knows which one counts");
    for value in [format!("bearer {ANN}"), format!("BEARER {ANN}"), format!("Bearer   {ANN} ")] {
        assert_eq!(with(Some(&value)).await.status(), 200, "{value}");
    }
}

#[tokio::test]
async fn a_token_that_is_over_is_told_apart_from_one_that_is_not_known() {
    let over = Timestamp::now() - 1.minute();
    let lasts = Timestamp::now() + 1.hour();
    let config = tokens(&[
        ("old", "old", &format!("workspaces = [\"*\"]\nexpires = {over}")),
        ("new", "new", &format!("workspaces = [\"*\"]\nexpires = {lasts}")),
    ]);
    let guarded = Guarded::start(&config);
    let refused = guarded.get(&logs("etl"), "old").await;
    problem(&refused, 401, "sign in anew");
    assert_eq!(refused.json()["reason"], "expired");
    assert_eq!(guarded.get(&logs("etl"), "unknown").await.json()["reason"], "unknown");
    assert_eq!(guarded.get(&logs("etl"), "new").await.status, 200);
}

#[tokio::test]
async fn a_new_token_is_known_by_the_lines_that_come_with_it() {
    let made = program(&["--new-token", "ann \"the\" first"]);
    assert!(made.status.success(), "{made:?}");
    let entry = String::from_utf8(made.stdout).unwrap();
    let told = String::from_utf8(made.stderr).unwrap();
    let token = told.trim_end().lines().last().unwrap();
    assert!(token.len() >= 43 && !entry.contains(token), "{entry}");
    assert!(told.starts_with("the token, for whoever is to have it"), "{told}");
    assert!(!program(&["--new-token", ""]).status.success(), "it could not be revoked");
    let guarded = Guarded::start(&entry);
    assert_eq!(guarded.get(&logs("etl"), token).await.status, 200);
    assert_eq!(guarded.post(&logs("etl"), token, ROW).await.status, 403, "it only reads");
}

fn program(arguments: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_log-server")).args(arguments).output().unwrap()
}

/// What the program says when it does not start with this configuration.
fn refusal(config: &str, more: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.toml");
    std::fs::write(&file, config).unwrap();
    let store = format!("sqlite:{}", folder.path().join("logs.db").display());
    let arguments = [&["--config", file.to_str().unwrap(), "--store", &store][..], more].concat();
    let ended = program(&arguments);
    assert!(!ended.status.success());
    String::from_utf8(ended.stderr).unwrap()
}

#[test]
fn a_configuration_that_makes_no_sense_is_refused_in_words() {
    let entry = |more: &str| tokens(&[("ann", ANN, more)]);
    let all = "workspaces = [\"*\"]";
    let twice = tokens(&[("ann", ANN, all), ("ann", BOB, all)]);
    let same = tokens(&[("ann", ANN, all), ("bob", ANN, all)]);
    let inline = format!("[[token]]\nname = \"ann\"\nsha256 = \"{ANN}\"\n{all}");
    let empty = tokens(&[("ann", "", all)]);
    for (config, words) in [
        (twice, "two tokens are named \"ann\""),
        (same, "the tokens \"ann\" and \"bob\" have the same hash"),
        (entry(""), "in no workspace"),
        (entry("workspaces = [\"*\"]\nworkflows = []"), "in no workspace"),
        (inline, "server.toml:3:10: it is no SHA-256"),
        (empty, "the token \"ann\" is empty"),
        (tokens(&[("", ANN, all)]), "a token has an empty name"),
        (
            entry("workspaces = [\"*\"]\nrights = [\"write\"]"),
            "this is not one of `read`, `append`, `operate`",
        ),
        (entry("workspaces = [\"*\"]\nrows = { owner = \"{user}\" }"), "there is `{sub}`"),
        (entry("workspaces = [\"*\"]\nexpires = 2026-12-31"), "2026-12-31T00:00:00Z"),
        (entry("workspace = [\"*\"]"), "`workspaces`"),
    ] {
        let said = refusal(&config, &[]);
        assert!(said.contains(words), "{config}: {said}");
        assert!(!said.contains(ANN), "{said}");
    }
    let ruled = entry("workspaces = [\"*\"]\nrows = { owner = \"{sub}\" }");
    let said = refusal(&ruled, &["--listen", "unix:/no/such/folder/socket"]);
    assert!(
        said.contains("token \"ann\" is about \"owner\"") && said.contains("`row-fields`"),
        "{said}"
    );
    assert!(said.contains("make its folder first"), "{said}");
    let said = refusal(&entry(all), &["--anonymous"]);
    assert!(said.contains("leave one out"), "{said}");
}

#[tokio::test]
async fn with_a_sign_in_the_server_may_be_reached_from_elsewhere_under_any_name() {
    let guarded = Guarded::start(&ann_and_bob());
    let named = Request::get(logs("etl")).header("host", "logs.example");
    let named = named.header("authorization", bearer(ANN)).body(Full::default()).unwrap();
    assert_eq!(http::ask(guarded.server.address, named).await.status, 200);

    // Without one, the name is what keeps pages of other sites away.
    let alone = Guarded::start("");
    let named = Request::get(logs("etl")).header("host", "logs.example");
    let refused = http::ask(alone.server.address, named.body(Full::default()).unwrap()).await;
    problem(&refused, 421, "localhost");
    let said = refusal("", &["--listen", "0.0.0.0:0"]);
    assert!(said.contains("nobody has to sign in"), "{said}");
}
