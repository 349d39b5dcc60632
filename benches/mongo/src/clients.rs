//! Clients of streams, which look at the times of the records they are sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::plan::Result;
use crate::records::{now, workflow};

const PATIENCE: Duration = Duration::from_secs(60);

/// What clients have seen of the records made since `since`.
pub struct Seen {
    since: i64,
    begun: usize,
    pub deliveries: u64,
    /// From when a record was made, in microseconds.
    pub latency: Histogram<u64>,
    /// The same, of those made in each second.
    pub by_second: Vec<Histogram<u64>>,
}

/// Open streams; dropping them closes them.
pub struct Clients {
    seen: Arc<Mutex<Seen>>,
    _streams: JoinSet<Result<()>>,
}

impl Clients {
    /// Opens streams of so many workflows in turn, and waits until they have begun.
    pub async fn open(address: SocketAddr, count: usize, workflows: usize) -> Result<Self> {
        let seen = Arc::new(Mutex::new(Seen::new(i64::MAX)?));
        let mut streams = JoinSet::new();
        for nth in 0..count {
            let seen = Arc::clone(&seen);
            streams.spawn(async move { stream(address, &workflow(nth % workflows), &seen).await });
            // Connects in a crowd are another benchmark's subject.
            if nth % 50 == 49 {
                sleep(Duration::from_millis(20)).await;
            }
        }
        let clients = Self { seen, _streams: streams };
        clients.wait(|seen| seen.begun == count).await?;
        // History is read by then, too.
        sleep(Duration::from_secs(2)).await;
        Ok(clients)
    }

    /// Only what is made from now on counts.
    pub fn begin(&self) -> Result<()> {
        *lock(&self.seen) = Seen { begun: usize::MAX, ..Seen::new(now())? };
        Ok(())
    }

    /// Waits for so many deliveries, and gives what was seen.
    pub async fn take(&self, deliveries: u64) -> Result<Seen> {
        self.wait(|seen| seen.deliveries >= deliveries).await?;
        Ok(std::mem::replace(&mut *lock(&self.seen), Seen::new(i64::MAX)?))
    }

    async fn wait(&self, done: impl Fn(&Seen) -> bool) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while !done(&lock(&self.seen)) {
            if Instant::now() > end {
                let Seen { begun, deliveries, .. } = *lock(&self.seen);
                return Err(format!("{begun} streams and {deliveries} deliveries in time").into());
            }
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }
}

impl Seen {
    fn new(since: i64) -> Result<Self> {
        Ok(Self { since, begun: 0, deliveries: 0, latency: histogram()?, by_second: Vec::new() })
    }

    fn note(&mut self, made: i64, now: i64) -> Result<()> {
        if made < self.since {
            return Ok(());
        }
        let late = u64::try_from((now - made) / 1000).unwrap_or_default();
        let second = usize::try_from((made - self.since) / 1_000_000_000)?;
        while self.by_second.len() <= second {
            self.by_second.push(histogram()?);
        }
        self.deliveries += 1;
        self.latency.saturating_record(late);
        self.by_second[second].saturating_record(late);
        Ok(())
    }
}

fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 600_000_000, 3)?)
}

fn lock(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn stream(address: SocketAddr, workflow: &str, seen: &Mutex<Seen>) -> Result<()> {
    let mut socket = TcpStream::connect(address).await?;
    let request = format!("GET /{workflow} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    socket.write_all(request.as_bytes()).await?;
    let (mut buffer, mut begun) = (Vec::with_capacity(4096), false);
    let finder = memmem::Finder::new(b"\"t\":");
    loop {
        if socket.read_buf(&mut buffer).await? == 0 {
            return Err("the server ended a stream".into());
        }
        let now = now();
        let whole = memchr::memrchr(b'\n', &buffer).map_or(0, |at| at + 1);
        let mut seen = lock(seen);
        if !begun && memmem::find(&buffer[..whole], b"event: start").is_some() {
            begun = true;
            seen.begun = seen.begun.saturating_add(1);
        }
        for at in finder.find_iter(&buffer[..whole]) {
            let digits = buffer[at + 4..].iter().take_while(|byte| byte.is_ascii_digit());
            let made = digits.fold(0, |made, digit| made * 10 + i64::from(digit - b'0'));
            seen.note(made, now)?;
        }
        drop(seen);
        buffer.drain(..whole);
    }
}
