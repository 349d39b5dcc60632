//! Bodies that are malformed, too much, or for somebody else's logs.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::attempt::Attempt;
use crate::deployment::{ANN, logs};

const JSON: &str = "Content-Type: application/json";
const LINES: &str = "Content-Type: application/x-ndjson";

fn post(name: &str, path: &str, headers: &[&str], body: &[u8]) -> Attempt {
    let headers: Vec<_> = headers.iter().map(|header| (*header).to_owned() + "\r\n").collect();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Authorization: Bearer {ANN}\r\n{}\r\n",
        headers.concat()
    );
    Attempt::new(name, [head.as_bytes(), body].concat())
}

/// With the length that it has.
fn whole(name: &str, path: &str, headers: &[&str], body: &[u8]) -> Attempt {
    let length = format!("Content-Length: {}", body.len());
    post(name, path, &[headers, &[length.as_str()]].concat(), body)
}

pub(crate) fn attempts() -> Vec<Attempt> {
    let (etl, sales) = (logs("etl", "orders"), logs("sales", "orders"));
    let row = br#"{"message":"x"}"#;
    let deep = [b"{\"message\":".to_vec(), vec![b'['; 100_000]].concat();
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..256 {
        bomb.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    let packed = "Content-Encoding: gzip";
    let to_sales = [
        whole("a row for sales", &sales, &[JSON], row),
        whole("an empty body for sales", &sales, &[JSON], b""),
        whole("what is no JSON for sales", &sales, &[JSON], b"{"),
        whole("a row that names sales", &sales, &[JSON], br#"{"message":"x","workspace":"etl"}"#),
        whole("a new workspace", &logs("new", "orders"), &[JSON], row),
        whole("a new workspace by a trick", &logs("etl%2fx", "orders"), &[JSON], row),
    ];
    let malformed: [(&str, &[&str], &[u8]); 20] = [
        ("an empty body", &[JSON], b""),
        ("half a row", &[JSON], b"{\"message\":"),
        ("a list", &[JSON], b"[1,2,3]"),
        ("a number", &[JSON], b"7"),
        ("null", &[JSON], b"null"),
        ("no message", &[JSON], b"{}"),
        ("a row that nests", &[JSON], &deep),
        ("no UTF-8", &[JSON], b"{\"message\":\"\xff\xfe\"}"),
        ("half a surrogate", &[JSON], b"{\"message\":\"\\ud800\"}"),
        ("a number without end", &[JSON], b"{\"message\":\"x\",\"n\":1e999999}"),
        ("a date that is none", &[JSON], b"{\"message\":\"x\",\"date\":\"soon\"}"),
        ("an id that is none", &[JSON], b"{\"message\":\"x\",\"id\":{\"$gt\":\"\"}}"),
        ("a level that is none", &[JSON], b"{\"message\":\"x\",\"level\":[]}"),
        ("no content type", &[], row),
        ("a form", &["Content-Type: application/x-www-form-urlencoded"], b"message=x"),
        ("plain text, as a page of others may send it", &["Content-Type: text/plain"], row),
        (
            "XML",
            &["Content-Type: application/xml"],
            b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>",
        ),
        ("a bomb", &[JSON, packed], &bomb),
        ("what is not packed", &[JSON, packed], row),
        ("another packing", &[JSON, "Content-Encoding: br"], row),
    ];
    let lengths = [
        post("a length below zero", &etl, &[JSON, "Content-Length: -1"], row),
        post("a length with a sign", &etl, &[JSON, "Content-Length: +15"], row),
        post("a length in base 16", &etl, &[JSON, "Content-Length: 0xf"], row),
        post("two lengths", &etl, &[JSON, "Content-Length: 15", "Content-Length: 16"], row),
        post("a length that overflows", &etl, &[JSON, "Content-Length: 99999999999999999999"], row),
        post("a length of 4 GiB", &etl, &[JSON, "Content-Length: 4294967296"], row),
        post("chunks of no size", &etl, &[JSON, "Transfer-Encoding: chunked"], b"zz\r\n{}\r\n"),
        post(
            "a chunk that overflows",
            &etl,
            &[JSON, "Transfer-Encoding: chunked"],
            b"fffffffffffffffff\r\n",
        ),
        post(
            "a chunk's extension",
            &etl,
            &[JSON, "Transfer-Encoding: chunked"],
            format!("1;{}\r\n", "a".repeat(40_000)).as_bytes(),
        ),
        post("another transfer encoding", &etl, &[JSON, "Transfer-Encoding: gzip"], row),
    ];
    let rows = (0..10_001).map(|_| "{\"message\":\"x\"}\n").collect::<String>();
    let many = [
        whole("10,001 rows", &etl, &[LINES], rows.as_bytes()),
        whole("5 MiB", &etl, &[LINES], &vec![b'x'; 5 << 20]),
        whole("one row of many that is wrong", &etl, &[LINES], b"{\"message\":\"x\"}\n{\n"),
        whole("a key for what others did", &etl, &[JSON, "Idempotency-Key: \u{7f}"], b"{}"),
    ];
    let malformed = malformed.map(|(name, headers, body)| whole(name, &etl, headers, body));
    [to_sales.to_vec(), malformed.to_vec(), lengths.to_vec(), many.to_vec()].concat()
}
