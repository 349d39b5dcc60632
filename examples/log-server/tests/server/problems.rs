//! What refusals are called: every `type` leads to its description, and the guide has them all.

use std::collections::HashSet;
use std::fmt::Write as _;

use log_server::http::Kind;

use crate::http;
use crate::server::Server;
use crate::store::Store;

#[tokio::test]
async fn every_type_leads_to_what_it_means() {
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address()]);
    let list = http::get(server.address, "/problems").await.json();
    let listed = list["problems"].as_array().unwrap();
    assert_eq!(listed.len(), Kind::ALL.len());
    let mut uris = HashSet::new();
    for (kind, listed) in Kind::ALL.iter().zip(listed) {
        assert!(uris.insert(kind.uri()), "{} is there twice", kind.name);
        assert_eq!(Kind::of_type(&kind.uri()), Some(*kind));
        let shown = http::get(server.address, &kind.uri()).await;
        assert_eq!((shown.status, &shown.json()), (200, listed));
        assert_eq!(listed["type"], kind.uri());
        assert_eq!(listed["status"], kind.status.as_u16());
        assert!(kind.status.is_client_error() || kind.status.is_server_error(), "{kind:?}");
    }
    assert!(Kind::ALL.is_sorted_by_key(|kind| kind.status), "by status");
    let unknown = http::get(server.address, "/problems/of-nobody").await;
    assert_eq!(unknown.status, 404);
}

#[test]
fn the_guide_has_all_of_them() {
    let mut table = String::from("| `type` | status | title | means | what to do |\n");
    table.push_str("| --- | --- | --- | --- | --- |\n");
    for kind in Kind::ALL {
        let Kind { status, title, means, advice, .. } = kind;
        let status = status.as_u16();
        writeln!(table, "| `{}` | {status} | {title} | {means} | {advice} |", kind.uri()).unwrap();
    }
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/problems.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    assert!(guide.contains(&table), "docs/problems.md is to have this table:\n\n{table}");
}
