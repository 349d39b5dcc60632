//! The examples run, and the README shows one of them as it is.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod common;

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use common::{set, within};
use gapless_sse_mongo::bson::{DateTime, Document, doc};
use mongodb::{Client, Collection};
use testbed::Program;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

const README: &str = include_str!("../README.md");
const EXAMPLE: &str = include_str!("../examples/readme.rs");
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn the_readme_shows_the_example_as_it_is() {
    let (_, program) = EXAMPLE.split_once("\n\n").unwrap();
    assert!(README.contains(&format!("```rust,no_run\n{program}```\n")), "copy it from examples/");
}

/// Where cargo puts the examples of a package whose tests it builds.
fn example(name: &str) -> PathBuf {
    let tests = env::current_exe().unwrap();
    let built = tests.parent().unwrap().with_file_name("examples").join(name);
    assert!(built.is_file(), "{} is not built: cargo build --examples", built.display());
    built
}

fn start(name: &str, uri: &str) -> (Program, String) {
    let mut program = Program::start(example(name), [uri]).unwrap();
    let address = program.line("listening on http://", PATIENCE).unwrap();
    (program, address)
}

async fn orders(database: &str) -> Collection<Document> {
    let client = Client::with_uri_str(set().uri()).await.unwrap();
    client.database(database).collection("orders")
}

fn order(shop: &str, item: &str) -> Document {
    doc! { "tenant": "a", "shop": shop, "created_at": DateTime::now(), "item": item, "count": 2 }
}

/// A response as it comes.
struct Stream {
    socket: BufReader<TcpStream>,
    last_event_id: String,
}

impl Stream {
    async fn open(address: &str, path: &str, last_event_id: &str) -> Self {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let last = match last_event_id {
            "" => String::new(),
            id => format!("Last-Event-ID: {id}\r\n"),
        };
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{last}\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        Self { socket: BufReader::new(socket), last_event_id: last_event_id.to_owned() }
    }

    /// The next line that begins with `start` and has `part` in it; none at the end.
    async fn line(&mut self, start: &str, part: &str) -> Option<String> {
        within(async {
            loop {
                let mut line = String::new();
                if self.socket.read_line(&mut line).await.unwrap() == 0 {
                    return None;
                }
                let line = line.trim_end();
                if let Some(id) = line.strip_prefix("id: ") {
                    id.clone_into(&mut self.last_event_id);
                }
                if line.starts_with(start) && line.contains(part) {
                    return Some(line.to_owned());
                }
            }
        })
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn the_example_of_the_readme_streams_the_orders_of_a_shop_and_goes_on_from_an_id() {
    let uri = tokio::task::block_in_place(set).database_uri("readme");
    let orders = orders("readme").await;
    orders.insert_one(order("b", "before")).await.unwrap();
    let (mut program, address) = start("readme", &uri);
    let mut stream = Stream::open(&address, "/a/b", "").await;
    assert!(stream.line("data: ", "before").await.unwrap().contains(r#""tenant":"a""#));
    orders.insert_many([order("c", "elsewhere"), order("b", "first")]).await.unwrap();
    let live = stream.line("data: ", "item").await.unwrap();
    assert!(live.contains(r#""item":"first""#), "{live}");
    let id = stream.last_event_id;
    orders.insert_one(order("b", "meanwhile")).await.unwrap();
    let mut again = Stream::open(&address, "/a/b", &id).await;
    let missed = again.line("data: ", "item").await.unwrap();
    assert!(missed.contains("meanwhile"), "{missed}");
    program.interrupt().unwrap();
    assert!(program.wait(PATIENCE).unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn an_existing_application_streams_and_still_shuts_down_in_its_own_way() {
    let uri = tokio::task::block_in_place(set).uri();
    let orders = orders("shop").await;
    let (mut program, address) = start("existing_app", &uri);
    let mut stream = Stream::open(&address, "/a/b", "").await;
    stream.line("data: ", "resumed").await.unwrap();
    let unreadable = doc! { "tenant": "a", "shop": "b", "created_at": DateTime::now() };
    orders.insert_many([unreadable, order("b", "pen")]).await.unwrap();
    // What is no order is left out.
    assert_eq!(stream.line("data: ", "×").await.unwrap(), "data: 2 × pen");
    let mut page = Stream::open(&address, "/", "").await;
    assert!(page.line("HTTP/1.1 200", "").await.is_some());
    program.interrupt().unwrap();
    assert!(stream.line("event: ", "drain").await.is_some());
    assert!(program.wait(PATIENCE).unwrap().success());
}
