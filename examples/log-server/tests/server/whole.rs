//! A whole workspace in one page and one stream, and several of its workflows.

use gapless_sse_core::follow::Topic;

use crate::answers::problem;
use crate::http;
use crate::server::Server;
use crate::store::{Store, Writer};
use crate::stream::Client;

const WORKSPACE: &str = "/wfm/workflow/workspace/etl/logs";
const WORKFLOWS: usize = 60;
const ROWS: usize = 600;

/// Writes the rows with these numbers, each into a workflow of its own time: more and more of them
/// appear. As many are written into another workspace.
async fn write(writer: &Writer, rows: std::ops::Range<usize>) {
    for n in rows {
        let workflow = format!("w{}", n % (1 + n * WORKFLOWS / ROWS));
        for workspace in ["etl", "ml"] {
            let message = format!("{workspace} {n} {workflow}");
            writer.write_to(&Topic::new(workspace, workflow.as_str()), &message).await;
        }
    }
}

fn number(message: &str) -> usize {
    let mut words = message.split(' ');
    assert_eq!(words.next(), Some("etl"), "{message}");
    words.next().unwrap().parse().unwrap()
}

/// All pages from the first one, which says where the stream goes on.
async fn walk(server: &Server, path: &str) -> (Vec<String>, String) {
    let (mut messages, mut position, mut cursor) = (Vec::new(), None, String::new());
    loop {
        let page = http::get(server.address, &format!("{path}limit=37{cursor}")).await;
        assert_eq!(page.status, 200, "{page:?}");
        let page = page.json();
        for row in page["logs"].as_array().unwrap() {
            let message = row["message"].as_str().unwrap();
            // A row says its workflow.
            let workflow = row["workflow_id"].as_str().unwrap();
            assert!(message.ends_with(&format!(" {workflow}")), "{row}");
            messages.push(message.to_owned());
        }
        position.get_or_insert(page["stream_position"].as_str().unwrap().to_owned());
        let Some(next) = page["next"].as_str() else { return (messages, position.unwrap()) };
        cursor = format!("&cursor={next}");
    }
}

async fn a_whole_workspace_comes_once_with_workflows_that_appear_later(
    store: Store,
    more: &[&str],
) {
    let address = store.address();
    let mut arguments = vec!["--store", &address, "--ring-bytes", "12000", "--heartbeat", "200ms"];
    arguments.extend(more);
    let mut server = Server::start(&arguments);
    let writer = store.writer().await;
    write(&writer, 0..ROWS / 3).await;
    let path = format!("{WORKSPACE}?");
    // Polling waits until they have settled.
    let (mut walked, mut position) = walk(&server, &path).await;
    while walked.len() < ROWS / 3 {
        (walked, position) = walk(&server, &path).await;
    }
    let (ascending, _) = walk(&server, &format!("{WORKSPACE}?order=asc&")).await;
    assert_eq!(walked.iter().rev().collect::<Vec<_>>(), ascending.iter().collect::<Vec<_>>());
    let mut numbers: Vec<_> = walked.iter().map(|message| number(message)).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..ROWS / 3).collect::<Vec<_>>());

    // All of history and what follows; and what follows the walk.
    let all = format!("{WORKSPACE}/stream?history=all");
    let after = format!("{WORKSPACE}/stream?after={position}");
    let mut clients = [Client::default(), Client::default()];
    for (part, end) in [ROWS / 2, ROWS * 2 / 3, ROWS - 20, ROWS].into_iter().enumerate() {
        let begin = [ROWS / 3, ROWS / 2, ROWS * 2 / 3, ROWS - 20][part];
        let mut streams = Vec::new();
        for (client, path) in clients.iter().zip([&all, &after]) {
            streams.push(client.connect(server.address, path).await);
        }
        // Connected, away for longer than the ring holds, and across a restart.
        if part == 0 || part == 3 {
            write(&writer, begin..end).await;
        }
        for ((client, stream), before) in clients.iter_mut().zip(&mut streams).zip([0, ROWS / 3]) {
            let due = if part == 0 || part == 3 { end - before } else { begin - before };
            client.read_until(stream, |client| client.messages.len() >= due).await;
            client.read_all_that_is_due(stream).await;
        }
        drop(streams);
        if part == 1 || part == 2 {
            write(&writer, begin..end).await;
        }
        if part == 2 {
            server.restart(true).await;
        }
    }
    for (client, first) in clients.iter().zip([0, ROWS / 3]) {
        let mut numbers: Vec<_> = client.messages.iter().map(|message| number(message)).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (first..ROWS).collect::<Vec<_>>());
        assert_eq!(client.notices("reset"), [""; 0]);
    }

    // Several by name: a page, and a stream.
    let some = format!("{WORKSPACE}?workflow=w1&workflow=w7&workflow=none&workflow=w1&");
    let is_in = |message: &&String| message.ends_with(" w1") || message.ends_with(" w7");
    let expected = clients[0].messages.iter().filter(is_in).count();
    let mut walked = walk(&server, &some).await.0;
    while walked.len() < expected {
        walked = walk(&server, &some).await.0;
    }
    assert!(walked.len() == expected && walked.iter().all(|message| is_in(&message)));
    let mut client = Client::default();
    let named = format!("{WORKSPACE}/stream?workflow=w1&workflow=w7&history=all");
    let mut stream = client.connect(server.address, &named).await;
    client.read_until(&mut stream, |client| client.messages.len() >= expected).await;
    write(&writer, ROWS..ROWS + 120).await;
    let expected = expected
        + (ROWS..ROWS + 120)
            .filter(|n| {
                let nth = n % (1 + n * WORKFLOWS / ROWS);
                nth == 1 || nth == 7
            })
            .count();
    client.read_until(&mut stream, |client| client.messages.len() >= expected).await;
    client.read_all_that_is_due(&mut stream).await;
    assert!(client.messages.len() == expected && client.messages.iter().all(|m| is_in(&m)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_workspace_of_sqlite_comes_once() {
    a_whole_workspace_comes_once_with_workflows_that_appear_later(Store::sqlite(), &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_whole_workspace_of_mongodb_comes_once() {
    let store = Store::replica_set();
    a_whole_workspace_comes_once_with_workflows_that_appear_later(store, &["--make-indexes"]).await;
}

#[tokio::test]
async fn what_names_too_many_workflows_or_none_is_told_so() {
    let store = Store::sqlite();
    let address = store.address();
    let server = Server::start(&["--store", &address]);
    let get = async |path: &str| http::get(server.address, path).await;
    for path in [WORKSPACE.to_owned(), format!("{WORKSPACE}/stream")] {
        let named = |count: usize| {
            let names = (0..count).map(|n| format!("&workflow={n:x}"));
            format!("{path}?limit=1{}", names.collect::<String>())
        };
        problem(&get(&format!("{path}?workflow=")).await, 400, "`workflow` is empty");
        problem(&get(&format!("{path}?workflow=a&workflow=")).await, 400, "`workflow` is empty");
        problem(&get(&format!("{path}?workflows=a")).await, 400, "no parameter \"workflows\"");
        let many = get(&named(1001)).await;
        assert!(many.status == 414 || many.status == 400, "{many:?}");
    }
    let one = "/wfm/workflow/workspace/etl/workflow/orders/logs?workflow=billing";
    problem(&get(one).await, 400, "no parameter \"workflow\"");
}
