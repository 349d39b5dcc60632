//! One client: a page, a line on an open stream and the server's health, once a second each.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use memchr::memmem;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, timeout};

use crate::http;
use crate::outcome::Result;
use crate::rows::PROBED;
use crate::store::Store;

/// What takes longer is written down as this.
const LONGEST: Duration = Duration::from_secs(20);

/// How long each look took, shortest first.
pub struct Probes {
    pub health: Vec<Duration>,
    pub page: Vec<Duration>,
    pub line: Vec<Duration>,
    /// Answers that were wrong, or did not come.
    pub failed: usize,
}

enum Looked {
    Health(Option<Duration>),
    Page(Option<Duration>),
    /// When a line was sent, if it was taken.
    Sent(usize, Option<Instant>),
}

impl Probes {
    /// Looks once a second for so many seconds.
    pub async fn run(address: SocketAddr, store: &Store, seconds: usize) -> Result<Self> {
        let mut stream =
            http::ask(address, &format!("{}/stream?history=0", http::logs(PROBED)), "").await?;
        http::until(&mut stream, b"event: sync").await?;
        let (tell, mut came) = mpsc::unbounded_channel();
        let reader = tokio::spawn(async move { lines(&mut stream, &tell).await });
        let writer = store.writer(address).await?;
        let mut looks = JoinSet::new();
        let mut clock = interval(Duration::from_secs(1));
        for nth in 0..seconds {
            clock.tick().await;
            looks.spawn(async move { Looked::Health(look(address, "/healthz".to_owned()).await) });
            let page = format!("{}?limit=100", http::logs(PROBED));
            looks.spawn(async move { Looked::Page(look(address, page).await) });
            let writer = writer.clone();
            looks.spawn(async move {
                let begin = Instant::now();
                let sent = timeout(LONGEST, writer.write(&format!("probe {nth}."))).await;
                Looked::Sent(nth, matches!(sent, Ok(Ok(()))).then_some(begin))
            });
        }
        let (mut health, mut page, mut sent) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(looked) = looks.join_next().await {
            match looked? {
                Looked::Health(time) => health.push(time),
                Looked::Page(time) => page.push(time),
                Looked::Sent(nth, begin) => sent.push((nth, begin)),
            }
        }
        let mut arrived = HashMap::new();
        let _ = timeout(LONGEST, async {
            while arrived.len() < seconds
                && let Some((nth, at)) = came.recv().await
            {
                arrived.insert(nth, at);
            }
        })
        .await;
        reader.abort();
        let line = sent.into_iter().map(|(nth, begin)| {
            let at: &Instant = arrived.get(&nth)?;
            Some(at.duration_since(begin?))
        });
        let line: Vec<_> = line.collect();
        let failed = [&health, &page, &line].into_iter().flatten().filter(|t| t.is_none()).count();
        let [health, page, line] = [health, page, line].map(|times| {
            let mut times: Vec<_> = times.into_iter().map(|time| time.unwrap_or(LONGEST)).collect();
            times.sort();
            times
        });
        Ok(Self { health, page, line, failed })
    }
}

/// How long an answer took, if it was right and came in time.
async fn look(address: SocketAddr, path: String) -> Option<Duration> {
    let begin = Instant::now();
    let answered = timeout(LONGEST, http::get(address, &path)).await;
    matches!(answered, Ok(Ok((200, _)))).then(|| begin.elapsed())
}

/// Tells when each of the lines that are sent here has come.
async fn lines(
    stream: &mut TcpStream,
    tell: &mpsc::UnboundedSender<(usize, Instant)>,
) -> Result<()> {
    let finder = memmem::Finder::new(b"\"probe ");
    let mut bytes = Vec::new();
    while stream.read_buf(&mut bytes).await? > 0 {
        let at = Instant::now();
        let whole = memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1);
        for found in finder.find_iter(&bytes[..whole]) {
            let digits = bytes[found + 7..whole].iter().take_while(|byte| byte.is_ascii_digit());
            let nth = digits.fold(0, |nth, digit| nth * 10 + usize::from(digit - b'0'));
            tell.send((nth, at))?;
        }
        bytes.drain(..whole);
    }
    Ok(())
}
