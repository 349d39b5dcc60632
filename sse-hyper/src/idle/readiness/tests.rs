//! What the table promises to the sockets in it.

#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use std::future::poll_fn;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

use mio::net::TcpStream;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::task::yield_now;
use tokio::time::timeout;

use super::*;
use crate::idle::IdleSocket;

/// A socket, and its other end.
fn pair() -> (TcpStream, std::net::TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (socket, _) = listener.accept().unwrap();
    socket.set_nonblocking(true).unwrap();
    (TcpStream::from_std(socket), client)
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

async fn readable(table: &Table, entry: u32) {
    let ready = poll_fn(|context| table.poll_ready(entry, Direction::Read, context));
    timeout(Duration::from_secs(20), ready).await.expect("it has become ready");
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Count {
    fn pending(self: &Arc<Self>, table: &Table, entry: u32) -> bool {
        let waker = Waker::from(Arc::clone(self));
        let context = Context::from_waker(&waker);
        table.poll_ready(entry, Direction::Read, &context).is_pending()
    }

    fn woken(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn what_came_before_a_socket_is_waited_for_is_not_lost() {
    let readiness = Readiness::default();
    let table = readiness.table().unwrap();
    for waits in [0, 20] {
        let (mut socket, mut client) = pair();
        client.write_all(b"early").unwrap();
        let entry = table.add(&mut socket).unwrap();
        // The watch notes it, with nobody to wake.
        for _ in 0..waits {
            yield_now().await;
        }
        readable(&table, entry).await;
        table.remove(&mut socket, entry);
    }
    readiness.close();
}

#[tokio::test]
async fn only_whose_socket_is_ready_is_woken() {
    let readiness = Readiness::default();
    let table = readiness.table().unwrap();
    let mut sockets: Vec<_> = (0..3).map(|_| pair()).collect();
    let entries: Vec<_> =
        sockets.iter_mut().map(|(socket, _)| table.add(socket).unwrap()).collect();
    let counts: Vec<_> = (0..3).map(|_| Arc::new(Count::default())).collect();
    for (count, entry) in counts.iter().zip(&entries) {
        assert!(count.pending(&table, *entry));
    }
    for ready in [1, 0, 2] {
        let before: Vec<_> = counts.iter().map(|count| count.woken()).collect();
        sockets[ready].1.write_all(b"x").unwrap();
        readable(&table, entries[ready]).await;
        for (other, before) in before.into_iter().enumerate().filter(|(of, _)| *of != ready) {
            assert_eq!(counts[other].woken(), before, "{other} is not {ready}");
        }
    }
    readiness.close();
}

#[tokio::test]
async fn who_waits_is_woken_once_for_what_came() {
    let readiness = Readiness::default();
    let table = readiness.table().unwrap();
    let (mut socket, mut client) = pair();
    let entry = table.add(&mut socket).unwrap();
    let count = Arc::new(Count::default());
    assert!(count.pending(&table, entry));
    client.write_all(b"x").unwrap();
    let woken = async {
        while count.woken() == 0 {
            yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), woken).await.unwrap();
    assert!(!count.pending(&table, entry), "that is what it was woken for");
    assert!(count.pending(&table, entry), "nothing came since");
    assert_eq!(count.woken(), 1);
    readiness.close();
}

#[tokio::test]
async fn a_socket_that_is_let_go_of_leaves_nothing() {
    let readiness = Readiness::default();
    let table = readiness.table().unwrap();
    let (mut socket, mut client) = pair();
    let entry = table.add(&mut socket).unwrap();
    let count = Arc::new(Count::default());
    assert!(count.pending(&table, entry));
    table.remove(&mut socket, entry);
    assert_eq!(Arc::strong_count(&count), 1, "its waker is dropped");
    // It is not watched any more, though its file is still open.
    client.write_all(b"x").unwrap();
    let (mut next, _client) = pair();
    assert_eq!(table.add(&mut next).unwrap(), entry, "the entry is used again");
    assert!(count.pending(&table, entry));
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(count.pending(&table, entry), "the one before wakes nobody");
    assert_eq!(table.entries().all.len(), 1);
    readiness.close();
}

#[tokio::test]
async fn a_stream_that_ends_lets_go_of_its_socket() {
    let readiness = Readiness::default();
    let table = readiness.table().unwrap();
    for _ in 0..3 {
        let (socket, _client) = pair();
        drop(IdleSocket::new(OwnedFd::from(socket), &readiness).unwrap());
    }
    let entries = table.entries();
    assert_eq!((entries.all.len(), entries.free.len()), (1, 1));
    drop(entries);
    readiness.close();
}

#[tokio::test]
async fn a_socket_that_has_much_to_read_lets_others_have_their_turn() {
    const SENT: usize = 1000;
    let readiness = Readiness::default();
    let (socket, mut client) = pair();
    let mut socket = IdleSocket::new(OwnedFd::from(socket), &readiness).unwrap();
    client.write_all(&[b'x'; SENT]).unwrap();
    let (mut read, mut turns) = (0, 0);
    // As TLS reads what is of no use to anybody: on and on, within one turn.
    let all = poll_fn(|context| {
        turns += 1;
        while read < SENT {
            let mut byte = [0];
            let mut byte = ReadBuf::new(&mut byte);
            std::task::ready!(Pin::new(&mut socket).poll_read(context, &mut byte)).unwrap();
            read += byte.filled().len();
        }
        Poll::Ready(())
    });
    timeout(Duration::from_secs(20), all).await.expect("it goes on after each turn");
    assert!(turns > 5, "{turns} turns");
    drop(socket);
    readiness.close();
}

/// A waker that lets go of another socket when it is woken or dropped.
struct LetsGo(Arc<Table>, Mutex<Option<(TcpStream, u32)>>);

impl LetsGo {
    fn waker(table: &Arc<Table>) -> Waker {
        let (mut socket, _) = pair();
        let entry = table.add(&mut socket).unwrap();
        Arc::new(Self(Arc::clone(table), Mutex::new(Some((socket, entry))))).into()
    }

    fn let_go(&self) {
        if let Some((mut socket, entry)) = self.1.lock().unwrap().take() {
            self.0.remove(&mut socket, entry);
        }
    }
}

impl Wake for LetsGo {
    fn wake(self: Arc<Self>) {
        self.let_go();
    }
}

impl Drop for LetsGo {
    fn drop(&mut self) {
        self.let_go();
    }
}

#[test]
fn wakers_may_use_the_table_when_they_are_woken_or_dropped() {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
    let readiness = Readiness::default();
    let table = runtime.block_on(async { readiness.table() }).unwrap();
    let (done, ends) = std::sync::mpsc::channel();
    let other = Arc::clone(&table);
    // A lock that is held by its own thread would wait for ever.
    std::thread::spawn(move || {
        let (mut socket, mut client) = pair();
        let entry = other.add(&mut socket).unwrap();
        // Each takes the place of the one before, which is dropped.
        for _ in 0..3 {
            let waker = LetsGo::waker(&other);
            let context = Context::from_waker(&waker);
            assert!(other.poll_ready(entry, Direction::Read, &context).is_pending());
        }
        other.remove(&mut socket, entry);
        let entry = other.add(&mut socket).unwrap();
        let waker = LetsGo::waker(&other);
        let context = Context::from_waker(&waker);
        assert!(other.poll_ready(entry, Direction::Read, &context).is_pending());
        client.write_all(b"x").unwrap();
        while other.poll_ready(entry, Direction::Read, &context).is_pending() {
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(waker);
        other.remove(&mut socket, entry);
        done.send(()).unwrap();
    });
    let ended = ends.recv_timeout(Duration::from_secs(20));
    runtime.shutdown_background();
    ended.expect("nothing waits for itself");
    let entries = table.entries();
    assert_eq!(entries.all.len(), entries.free.len(), "all are let go of");
}

#[test]
fn a_table_that_is_closed_keeps_no_file() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let once = || {
        runtime.block_on(async {
            let readiness = Readiness::default();
            let table = readiness.table().unwrap();
            let (mut socket, _client) = pair();
            let entry = table.add(&mut socket).unwrap();
            table.remove(&mut socket, entry);
            readiness.close();
            drop(table);
            while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
                yield_now().await;
            }
        });
    };
    once();
    // Other tests of this process open and close some too.
    let fewest = |times: usize| (0..times).map(|_| open_files()).min().unwrap();
    let before = fewest(20);
    for _ in 0..200 {
        once();
    }
    assert!(fewest(20) < before + 100);
}
