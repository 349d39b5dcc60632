//! A client whose process is frozen: it costs the server little and the other clients nothing, is
//! cut off, and misses nothing.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gapless_sse_core::Parser;
use testbed::Program;
use tokio::task::JoinSet;
use tokio::time::interval;

use crate::http;
use crate::server::Server;
use crate::store::{LOGS, Store};
use crate::stream::Client;

/// Where the process that is frozen connects to, and the file into which it reads.
const ROLE: (&str, &str) = ("LOG_SERVER_TEST_ADDRESS", "LOG_SERVER_TEST_FILE");

const OTHERS: usize = 4;

/// Of a row. The rows of a second are about 1 MB, those of the whole test about 40.
const MESSAGE: usize = 16 * 1024;
const PACE: Duration = Duration::from_millis(16);

/// Latencies are measured for so long before the process is frozen.
const BASELINE: Duration = Duration::from_secs(5);

/// The default of the server.
const STALL_LIMIT: Duration = Duration::from_secs(30);

/// When it is cut off for certain: the buffers of the sockets are full by then.
const CUT_OFF: Duration = Duration::from_secs(75);

/// What the server may need beyond what it needs anyway, in bytes.
const MEMORY: usize = 12 << 20;

/// By how much later the others may have a row while the one is frozen: a factor, and as much more
/// as a busy machine makes of little.
const LATER: (u32, Duration) = (4, Duration::from_millis(150));

/// Not a test: the process that is frozen, which only copies what it reads.
#[test]
fn is_a_client_in_a_process_of_its_own() {
    let (Ok(address), Ok(file)) = (std::env::var(ROLE.0), std::env::var(ROLE.1)) else { return };
    let mut socket = TcpStream::connect(&address).unwrap();
    let request = format!("GET {LOGS}/stream HTTP/1.0\r\nhost: {address}\r\n\r\n");
    socket.write_all(request.as_bytes()).unwrap();
    let mut file = fs::File::create(file).unwrap();
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = socket.read(&mut buffer) {
        file.write_all(&buffer[..length]).unwrap();
    }
}

fn client_in_a_process(address: SocketAddr, file: &Path) -> Program {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "frozen::is_a_client_in_a_process_of_its_own"]);
    command.env(ROLE.0, address.to_string()).env(ROLE.1, file);
    Program::spawn(command, |_| {}).unwrap()
}

/// Reads rows whose messages begin with the time at which they were sent, and notes how long each
/// took, before the process was frozen and since.
async fn measure(
    address: SocketAddr,
    began: Instant,
    frozen: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
) -> [Vec<Duration>; 2] {
    let mut client = Client::default();
    let mut stream = client.connect(address, &format!("{LOGS}/stream?history=0")).await;
    let mut latencies = [Vec::new(), Vec::new()];
    while !stop.load(Ordering::SeqCst) {
        assert!(client.read(&mut stream).await, "the stream ended");
        let now = began.elapsed();
        for message in client.messages.drain(..) {
            let sent = message[..16].parse().map(Duration::from_micros).unwrap();
            latencies[usize::from(frozen.load(Ordering::SeqCst))].push(now.saturating_sub(sent));
        }
    }
    latencies
}

fn p99(mut latencies: Vec<Duration>) -> Duration {
    latencies.sort_unstable();
    assert!(latencies.len() > 500, "{}", latencies.len());
    latencies[latencies.len() * 99 / 100]
}

/// The rows in a file that holds a response as it came.
fn read_back(file: &Path) -> Client {
    let response = fs::read(file).unwrap();
    let head = response.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let mut client = Client::default();
    client.take(&mut Parser::new(), &response[head + 4..]);
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_client_costs_the_others_nothing_is_cut_off_and_misses_nothing() {
    let store = Store::sqlite();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stream");
    let server = Server::start(&["--store", &store.address(), "--ring-bytes", "1000000"]);
    let address = server.address;
    let (frozen, stop) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let began = Instant::now();

    let mut program = client_in_a_process(address, &file);
    let mut others = JoinSet::new();
    for _ in 0..OTHERS {
        others.spawn(measure(address, began, Arc::clone(&frozen), Arc::clone(&stop)));
    }
    let streams = async || server.counter("log_streams").await;
    while streams().await <= OTHERS as u64 {}
    let stopped = Arc::clone(&stop);
    let writing = tokio::spawn(async move {
        let (mut rows, mut pace) = (Vec::new(), interval(PACE));
        while !stopped.load(Ordering::SeqCst) {
            pace.tick().await;
            let message = format!("{:016} {:.<MESSAGE$}", began.elapsed().as_micros(), rows.len());
            let row = format!(r#"{{"message":"{message}"}}"#);
            let posted = http::post(address, LOGS, "application/json", row).await;
            assert_eq!(posted.status, 201, "{posted:?}");
            rows.push(message);
        }
        rows
    });

    let mut pace = interval(Duration::from_millis(250));
    while began.elapsed() < BASELINE {
        pace.tick().await;
    }
    server.peak_memory();
    let before = server.peak_memory();
    program.stop().unwrap();
    frozen.store(true, Ordering::SeqCst);
    let since = Instant::now();
    while streams().await > OTHERS as u64 {
        assert!(since.elapsed() < CUT_OFF, "it is not cut off");
        pace.tick().await;
    }
    let (cut_off, grown) = (since.elapsed(), server.peak_memory().saturating_sub(before));
    stop.store(true, Ordering::SeqCst);
    let rows = writing.await.unwrap();
    let mut latencies = [Vec::new(), Vec::new()];
    while let Some(measured) = others.join_next().await {
        for (all, some) in latencies.iter_mut().zip(measured.unwrap()) {
            all.extend(some);
        }
    }
    let [usually, meanwhile] = latencies.map(p99);

    assert!(cut_off >= STALL_LIMIT, "{cut_off:?}");
    assert!(grown < MEMORY, "{} KiB", grown >> 10);
    assert!(meanwhile < usually * LATER.0 + LATER.1, "{usually:?}, then {meanwhile:?}");

    // It wakes up, reads what the system still has for it, and comes back with its last id.
    program.resume().unwrap();
    program.wait(Duration::from_secs(30)).unwrap();
    let mut client = read_back(&file);
    let had = client.messages.len();
    assert!(had > 0 && had < rows.len(), "{had} of {}", rows.len());
    let mut stream = client.connect(address, &format!("{LOGS}/stream")).await;
    client.read_until(&mut stream, |client| client.messages.len() >= rows.len()).await;
    assert!(client.messages == rows, "something is missing, or came twice");
    assert_eq!(client.notices("start").len(), 2);
    assert_eq!(client.notices("reset"), [""; 0]);
}
