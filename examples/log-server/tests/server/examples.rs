//! The examples of the guide, run as they stand there.

use std::process::{Command, Stdio};
use std::time::Duration;

use testbed::flask;
use tokio::task::spawn_blocking;

use crate::server::Server;
use crate::store::Store;

/// Where the guide's server is.
const ADDRESS: &str = "127.0.0.1:8080";

/// How long an example may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A fenced block of the guide.
#[derive(Debug)]
struct Block {
    line: usize,
    language: String,
    text: String,
}

fn blocks(guide: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (at, line) in guide.lines().enumerate() {
        match (line.strip_prefix("```"), open) {
            (Some(_), true) => open = false,
            (Some(language), false) => {
                open = true;
                let language = language.to_owned();
                blocks.push(Block { line: at + 1, language, text: String::new() });
            }
            (None, true) => {
                let block = blocks.last_mut().unwrap();
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, false) => {}
        }
    }
    blocks
}

/// The program that runs it; none if it is nothing to be run.
fn command(block: &Block, text: &str) -> Option<Command> {
    let (program, arguments): (_, &[&str]) = match &*block.language {
        "sh" => ("sh".into(), &["-euc"]),
        "js" => ("node".into(), &["--experimental-eventsource", "--input-type=module", "--eval"]),
        "python" => (flask::find().unwrap(), &["-c"]),
        "console" | "text" => return None,
        other => panic!("line {}: say how {other:?} is run", block.line),
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(text);
    Some(command)
}

/// Whether a line is the one that is promised, where `…` stands for anything.
fn is_as_promised(promised: &str, printed: &str) -> bool {
    let mut parts = promised.split('…');
    let Some(mut rest) = parts.next().and_then(|first| printed.strip_prefix(first)) else {
        return false;
    };
    let Some(last) = promised.rsplit_once('…').map(|(_, last)| last) else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    printed.ends_with(last)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and Python; cargo xtask test runs it"]
async fn each_example_does_what_it_says() {
    let guide = include_str!("../../../../docs/examples.md");
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address(), "--heartbeat", "200ms"]);
    let blocks = blocks(guide);
    let mut run = 0;
    for pair in blocks.windows(2) {
        let [block, promised] = pair else { unreachable!() };
        let text = block.text.replace(ADDRESS, &server.address.to_string());
        let Some(mut command) = command(block, &text) else { continue };
        command.stdin(Stdio::null());
        let output = spawn_blocking(move || command.output().unwrap());
        let output = tokio::time::timeout(PATIENCE, output).await;
        let output = output.unwrap_or_else(|_| panic!("{block:?} does not end")).unwrap();
        let (said, errors) = (output.stdout, String::from_utf8_lossy(&output.stderr).into_owned());
        let said = String::from_utf8(said).unwrap();
        assert!(output.status.success(), "line {}: {said}{errors}", block.line);
        assert_eq!(promised.language, "text", "line {}: say what it prints", block.line);
        let printed: Vec<_> = said.lines().filter(|line| !line.is_empty()).collect();
        let lines: Vec<_> = promised.text.lines().collect();
        let at = promised.line;
        assert_eq!(lines.len(), printed.len(), "line {at} promises something else than\n{said}");
        for (promised, printed) in lines.iter().zip(&printed) {
            assert!(is_as_promised(promised, printed), "line {at}: {promised}\nis not {printed}");
        }
        run += 1;
    }
    assert!(run >= 17, "{run} examples were run");
}

#[test]
fn what_is_promised_is_compared() {
    assert!(is_as_promised("a…c", "abc") && is_as_promised("a…", "a") && is_as_promised("a", "a"));
    assert!(is_as_promised("…b…d", "abcd"));
    assert!(!is_as_promised("a…c", "abd") && !is_as_promised("a", "ab"));
    assert!(!is_as_promised("a…c…", "ab") && !is_as_promised("b…", "ab"));
}
