//! Sets of keys that are fetched, from servers that are well and from others.

use std::sync::Arc;

use jsonwebtoken::Algorithm::{ES256, EdDSA, HS256, RS256};
use log_server::access::Reason;
use log_server::access::jwt::Jwt;
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::LONG;
use crate::key_server::{Answers, KeyServer};
use crate::signer::{Signer, key_set};
use crate::tokens::{ISSUED, claims};

fn keys(signers: &[&Signer]) -> Answers {
    Answers::Keys(key_set(signers), "")
}

fn taking(server: &KeyServer, config: &str) -> Arc<Jwt> {
    let url = server.url();
    let config = format!("jwks-url = {url:?}\n{config}\n{ISSUED}");
    Arc::new(Jwt::new(&toml::from_str(&config).unwrap()).unwrap())
}

async fn reason(jwt: &Jwt, signer: &Signer) -> Option<Reason> {
    jwt.check(&signer.sign(&claims())).await.err().map(|denied| denied.reason)
}

/// Waits until a token of this signer is answered in this way.
async fn answers(jwt: &Jwt, signer: &Signer, expected: Option<Reason>) {
    let answered = async {
        while reason(jwt, signer).await != expected {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, answered).await.unwrap_or_else(|_| panic!("{expected:?} does not come"));
}

#[tokio::test]
async fn many_who_come_at_once_wait_for_one_fetch() {
    let signers = [RS256, ES256, EdDSA].map(|algorithm| Signer::new(algorithm, "one"));
    let signers = [signers[0].named("r"), signers[1].named("e"), signers[2].named("d")];
    let server = KeyServer::start(keys(&[&signers[0], &signers[1], &signers[2]])).await;
    let jwt = taking(&server, "");
    let mut waiting = tokio::task::JoinSet::new();
    for at in 0..60 {
        let (jwt, token) = (jwt.clone(), signers[at % 3].sign(&claims()));
        waiting.spawn(async move { jwt.check(&token).await.map(drop) });
    }
    for answer in waiting.join_all().await {
        answer.unwrap();
    }
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_key_that_is_not_known_is_fetched_and_nobody_else_waits_for_it() {
    let [old, new, never] = ["old", "new", "never"].map(|id| Signer::new(EdDSA, id));
    let server = KeyServer::start(keys(&[&old])).await;
    let jwt = taking(&server, "jwks-pause = \"50ms\"\njwks-timeout = \"60s\"");
    answers(&jwt, &old, None).await;

    server.answer(keys(&[&old, &new]));
    answers(&jwt, &new, None).await;
    assert_eq!(server.asked(), 2, "it is fetched");
    assert_eq!(reason(&jwt, &old).await, None);
    assert_eq!(server.asked(), 2, "what is known is not asked for");

    server.answer(Answers::Nothing);
    let waiting = tokio::spawn({
        let (jwt, token) = (jwt.clone(), never.sign(&claims()));
        async move {
            // Until the pause is over, it is told that its key is not there.
            while let Err(Reason::Unknown) = jwt.check(&token).await.map_err(|no| no.reason) {
                tokio::task::yield_now().await;
            }
        }
    });
    server.was_asked(3).await;
    for _ in 0..100 {
        assert_eq!(reason(&jwt, &old).await, None);
    }
    assert!(!waiting.is_finished(), "it waits for its key, and nobody else does");
    waiting.abort();

    server.answer(keys(&[&new]));
    let removed = taking(&server, "");
    answers(&removed, &new, None).await;
    assert_eq!(reason(&removed, &old).await, Some(Reason::Unknown), "it is withdrawn");
}

#[tokio::test]
async fn names_that_are_made_up_are_not_asked_for_more_often_than_is_said() {
    let signer = Signer::new(EdDSA, "one");
    let server = KeyServer::start(keys(&[&signer])).await;
    let jwt = taking(&server, "jwks-pause = \"1h\"");
    answers(&jwt, &signer, None).await;
    for _ in 0..500 {
        let header =
            jsonwebtoken::Header { kid: Some(fastrand::u64(..).to_string()), ..signer.header() };
        let denied = jwt.check(&signer.sign_as(&header, &claims())).await.unwrap_err();
        assert_eq!(denied.reason, Reason::Unknown);
    }
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn no_more_wait_for_keys_than_there_is_room_for() {
    let signer = Signer::new(EdDSA, "one");
    let server = KeyServer::start(Answers::Nothing).await;
    let jwt = taking(&server, "jwks-timeout = \"60s\"");
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..300 {
        let (jwt, token) = (jwt.clone(), signer.sign(&claims()));
        waiting.spawn(async move { jwt.check(&token).await.map(drop) });
    }
    for _ in 0..300 - 256 {
        let denied = waiting.join_next().await.unwrap().unwrap().unwrap_err();
        assert_eq!(denied.reason, Reason::Unavailable);
    }
    assert!(waiting.try_join_next().is_none(), "the others wait");
}

#[tokio::test]
async fn keys_are_fetched_before_they_end_and_gone_with_the_set_that_had_them() {
    let [old, new] = ["old", "new"].map(|id| Signer::new(ES256, id));
    for (config, header) in [
        ("jwks-refresh = \"1h\"", "cache-control: public, Max-Age=1\r\n"),
        ("jwks-refresh = \"1h\"", "cache-control: no-cache\r\n"),
        ("jwks-refresh = \"200ms\"", ""),
        ("jwks-refresh = \"200ms\"", "cache-control: max-age=many, private\r\n"),
    ] {
        let server = KeyServer::start(Answers::Keys(key_set(&[&old]), header)).await;
        let jwt = taking(&server, &format!("jwks-pause = \"50ms\"\n{config}"));
        answers(&jwt, &old, None).await;
        server.answer(Answers::Keys(key_set(&[&new]), header));
        // Nobody asks for a key by its name, and it is withdrawn.
        server.was_asked(3).await;
        assert_eq!(reason(&jwt, &old).await, Some(Reason::Unknown), "{config} {header}");
        drop((jwt, server));
        let ended = async {
            while Handle::current().metrics().num_alive_tasks() > 0 {
                tokio::task::yield_now().await;
            }
        };
        timeout(LONG, ended).await.expect("nobody fetches what nobody needs");
    }
    let server =
        KeyServer::start(Answers::Keys(key_set(&[&old]), "cache-control: max-age=900\r\n"));
    let server = server.await;
    let jwt = taking(&server, "jwks-pause = \"20ms\"\njwks-refresh = \"20ms\"");
    answers(&jwt, &old, None).await;
    let other = KeyServer::start(keys(&[&old])).await;
    let _other = taking(&other, "jwks-pause = \"20ms\"\njwks-refresh = \"20ms\"");
    other.was_asked(10).await;
    assert_eq!(server.asked(), 1, "they hold for as long as the answer says");
}

#[tokio::test]
async fn while_no_set_comes_those_that_are_known_stay() {
    let [old, new] = ["old", "new"].map(|id| Signer::new(EdDSA, id));
    let config = "jwks-pause = \"20ms\"\njwks-refresh = \"40ms\"\njwks-timeout = \"300ms\"";
    let status = |line: &str| {
        let set = key_set(&[&new]);
        let length = set.len();
        let text = format!("HTTP/1.1 {line}\r\ncontent-length: {length}\r\n\r\n{set}");
        Answers::Bytes(text.into_bytes())
    };
    let body = |body: &str| Answers::Keys(body.to_owned(), "");
    let many = (0..300).map(|_| new.jwk().to_string()).collect::<Vec<_>>().join(",");
    let other = KeyServer::start(keys(&[&new])).await;
    let elsewhere = format!("302 Found\r\nlocation: {}", other.url());
    for wrong in [
        Answers::Nothing,
        Answers::Much(100 << 20),
        Answers::Bytes(Vec::new()),
        Answers::Bytes(b"220 mail.example ESMTP\r\n".to_vec()),
        Answers::Bytes([b"HTTP/1.1 200 OK\r\nx: ".to_vec(), vec![b'x'; 200_000]].concat()),
        Answers::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"keys\":[".to_vec()),
        status(&elsewhere),
        status("404 Not Found"),
        status("500 Internal Server Error"),
        status("204 No Content"),
        body("<html>sign in first</html>"),
        body("{\"keys\": 7}"),
        body("[]"),
        body(""),
        body(&"[".repeat(10_000)),
        body(&format!("{{\"keys\":[{many}]}}")),
    ] {
        let server = KeyServer::start(keys(&[&old])).await;
        let jwt = taking(&server, config);
        answers(&jwt, &old, None).await;
        server.answer(wrong.clone());
        let asked = server.asked();
        server.was_asked(asked + 3).await;
        assert_eq!(reason(&jwt, &old).await, None, "{wrong:?}");
        assert_eq!(reason(&jwt, &new).await, Some(Reason::Unavailable), "{wrong:?}");
        let most = server.asked() * (6 << 20);
        assert!(server.sent() <= most, "{} of 100 MB was read", server.sent());
        server.answer(keys(&[&new]));
        answers(&jwt, &new, None).await;
        answers(&jwt, &old, Some(Reason::Unknown)).await;
    }
    assert_eq!(other.asked(), 0, "no way to another place is followed");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_until_it_is() {
    let signer = Signer::new(RS256, "one");
    let server = KeyServer::start(keys(&[])).await;
    let address = server.address;
    drop(server);
    let url = format!("http://{address}/keys?of=us");
    let config = format!("jwks-url = {url:?}\njwks-pause = \"20ms\"\n{ISSUED}");
    let jwt = Jwt::new(&toml::from_str(&config).unwrap()).unwrap();
    answers(&jwt, &signer, Some(Reason::Unavailable)).await;
    let server = KeyServer::start_at(address, keys(&[&signer])).await;
    answers(&jwt, &signer, None).await;
    drop(server);
    answers(&jwt, &Signer::new(RS256, "other"), Some(Reason::Unavailable)).await;
    assert_eq!(reason(&jwt, &signer).await, None);
}

#[tokio::test]
async fn a_set_that_everybody_may_read_has_no_secret_and_a_file_may_have_one() {
    let [hmac, good] = [Signer::new(HS256, "hmac"), Signer::new(EdDSA, "good")];
    let server = KeyServer::start(keys(&[&hmac, &good])).await;
    let jwt = taking(&server, "jwks-pause = \"20ms\"");
    answers(&jwt, &good, None).await;
    assert_eq!(reason(&jwt, &hmac).await, Some(Reason::Unknown));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    std::fs::write(&path, key_set(&[&hmac])).unwrap();
    let config =
        format!("jwks-file = {path:?}\njwks-pause = \"20ms\"\njwks-refresh = \"40ms\"\n{ISSUED}");
    let jwt = Jwt::new(&toml::from_str(&config).unwrap()).unwrap();
    answers(&jwt, &hmac, None).await;
    std::fs::write(&path, key_set(&[&good])).unwrap();
    answers(&jwt, &good, None).await;
    answers(&jwt, &hmac, Some(Reason::Unknown)).await;
    let large = format!("{}{}", key_set(&[&hmac]), " ".repeat(2 << 20));
    std::fs::write(&path, large).unwrap();
    answers(&jwt, &hmac, Some(Reason::Unavailable)).await;
    std::fs::remove_file(&path).unwrap();
    answers(&jwt, &hmac, Some(Reason::Unavailable)).await;
    assert_eq!(reason(&jwt, &good).await, None, "what was known stays");
}

#[tokio::test]
async fn keys_of_a_set_that_are_of_no_use_leave_the_others() {
    let [rsa, ec] = [Signer::new(RS256, "rsa"), Signer::new(ES256, "ec")];
    let set = |changed: serde_json::Value| {
        serde_json::json!({ "keys": [changed, ec.jwk(), {"kty": "new"}, 7] }).to_string()
    };
    for (name, value) in [("use", "enc"), ("alg", "RSA-OAEP"), ("alg", "PS256"), ("n", "!")] {
        let mut jwk = rsa.jwk();
        jwk[name] = value.into();
        let server = KeyServer::start(Answers::Keys(set(jwk), "")).await;
        let jwt = taking(&server, "");
        answers(&jwt, &ec, None).await;
        assert_eq!(reason(&jwt, &rsa).await, Some(Reason::Unknown), "{name} {value}");
    }
}
