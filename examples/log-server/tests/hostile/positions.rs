//! Ids, positions and cursors that were forged, or are of another workspace.

use crate::attempt::Attempt;
use crate::deployment::{ANN, logs};

/// By somebody who may see `etl` only; two of `sales` are given.
pub(crate) fn attempts(of_sales: &[String; 2]) -> Vec<Attempt> {
    let (etl, sales) = (logs("etl", "orders"), logs("sales", "orders"));
    let ann = format!("Bearer {ANN}");
    let [cursor, position] = of_sales;
    let flipped: String = cursor
        .chars()
        .enumerate()
        .map(|(at, text)| if at == 7 { if text == 'A' { 'B' } else { 'A' } } else { text })
        .collect();
    let forged = [
        cursor.clone(),
        position.clone(),
        flipped,
        cursor[..cursor.len() / 2].to_owned(),
        format!("{cursor}{position}"),
        cursor.to_lowercase(),
        "0".to_owned(),
        "-1".to_owned(),
        "18446744073709551616".to_owned(),
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        "%00".to_owned(),
        "a%0d%0aX-Evil:%20yes".to_owned(),
        "..%2f..%2fsales".to_owned(),
        "%F0%9F%92%A9".to_owned(),
        "x".repeat(4000),
    ];
    let mut attempts = Vec::new();
    for id in &forged {
        for query in ["cursor", "after", "lastEventId"] {
            let of = if query == "cursor" { "" } else { "/stream" };
            let path = format!("{etl}{of}?{query}={id}");
            attempts.push(Attempt::get(format!("{query}={id:.40}"), &path, &ann).may_see_etl());
        }
    }
    for id in [cursor, position] {
        let get = format!("GET {etl}/stream HTTP/1.1");
        let (authorization, id) = (format!("Authorization: {ann}"), format!("Last-Event-ID: {id}"));
        let lines = [&get, "Host: localhost", "Connection: close", &authorization, &id];
        attempts.push(Attempt::head("Last-Event-ID of sales in etl", &lines).may_see_etl());
        let path = format!("{sales}?cursor={}", &id["Last-Event-ID: ".len()..]);
        attempts.push(Attempt::get("a cursor of sales in sales", &path, &ann));
    }
    attempts
}
