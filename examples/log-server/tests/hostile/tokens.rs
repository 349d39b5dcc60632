//! Tokens that are not there, not right, or somebody else's.

use crate::attempt::Attempt;
use crate::deployment::{ANN, BOB, Deployment, logs};
use log_server::access::tokens::TokenHash;

/// For the logs of `sales`, by somebody who has no right to them.
pub(crate) fn attempts(_: &Deployment) -> Vec<Attempt> {
    let sales = logs("sales", "orders");
    let hash = TokenHash::of(BOB).to_string();
    let long = "x".repeat(30_000);
    let authorizations = [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer {ANN}"),
        format!("Bearer {hash}"),
        format!("Bearer {}", hash.to_uppercase()),
        format!("Bearer {}", &BOB[..BOB.len() - 1]),
        format!("Bearer {BOB}x"),
        format!("Bearer {}", BOB.to_uppercase()),
        format!("Bearer {BOB} {ANN}"),
        format!("Bearer {ANN},{BOB}"),
        format!("Bearer \"{BOB}\""),
        format!("Bearer {BOB}%00"),
        format!("Bearer {BOB}\u{e9}"),
        format!("Token {BOB}"),
        format!("Basic {BOB}"),
        "Basic Ym9iOnRva2VuLW9mLWJvYg==".to_owned(),
        format!("Bearer={BOB}"),
        format!("Bearer:{BOB}"),
        format!("Digest username=\"bob\", response=\"{BOB}\""),
        "Bearer null".to_owned(),
        "Bearer undefined".to_owned(),
        "Bearer ' OR 1=1 --".to_owned(),
        "Bearer *".to_owned(),
        format!("Bearer {long}"),
    ];
    let mut attempts: Vec<_> = authorizations
        .iter()
        .map(|value| Attempt::get(format!("Authorization: {value:.60}"), &sales, value))
        .collect();
    let elsewhere = [
        format!("?access_token={BOB}"),
        format!("?token={BOB}"),
        format!("?authorization=Bearer%20{BOB}"),
        format!("?ticket={BOB}"),
        "?ticket=".to_owned(),
        "?ticket=a&ticket=b".to_owned(),
        "?ticket=%00%0d%0a".to_owned(),
        format!("?_ticket={BOB}"),
    ];
    attempts.extend(elsewhere.iter().flat_map(|query| {
        let path = format!("{sales}{query}");
        [Attempt::get(query.clone(), &path, ""), Attempt::get(query.clone(), &path, "Bearer no")]
    }));
    let get = format!("GET {sales} HTTP/1.1");
    let headers: [&[&str]; 10] = [
        &["Cookie: log_session=token-of-bob"],
        &["Cookie: log_session="],
        &["Cookie: log_session=AAAA.BBBB.CCCC"],
        &["Cookie: log_session=../../etc/passwd"],
        &["Cookie: token=token-of-bob; authorization=token-of-bob"],
        &["X-Api-Key: token-of-bob"],
        &["Authorization: Bearer token-of-ann", "Authorization: Bearer token-of-bob-not"],
        &["Proxy-Authorization: Bearer token-of-bob"],
        &["X-Forwarded-User: bob", "Remote-User: bob", "Log-User: bob", "Log-Workspaces: *"],
        &["X-Log-User: admin", "Log-Rights: read, append, operate"],
    ];
    attempts.extend(headers.iter().map(|headers| {
        let lines = [&[get.as_str(), "Host: localhost", "Connection: close"], *headers].concat();
        Attempt::head(headers.join(", "), &lines)
    }));
    attempts
}
