//! A good client, and how long it waits.

use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tokio::time::interval;

use crate::attempt::exchange;
use crate::deployment::{ANN, Deployment, logs};

/// What it should not wait longer than, ninety-nine times in a hundred, on a machine that is quiet.
const QUICK: Duration = Duration::from_millis(100);

/// How many pages it asks for when it is alone.
const ALONE: usize = 100;

/// How long its pages took.
pub(crate) struct Neighbour {
    pages: usize,
    p50: Duration,
    p99: Duration,
}

impl fmt::Display for Neighbour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pages, p50, p99 } = self;
        write!(f, "{pages} pages, p50 {p50:.1?}, p99 {p99:.1?}")
    }
}

impl Neighbour {
    /// When there is nobody else.
    pub(crate) async fn alone(deployment: &Deployment) -> Self {
        let took = Mutex::new(Vec::new());
        ask(deployment, Some(ALONE), &took).await;
        Self::of(took)
    }

    /// As long as something else goes on.
    pub(crate) async fn beside<T>(
        deployment: &Deployment,
        others: impl Future<Output = T>,
    ) -> (Self, T) {
        let took = Mutex::new(Vec::new());
        let result = tokio::select! {
            () = ask(deployment, None, &took) => unreachable!("it has no end"),
            result = others => result,
        };
        (Self::of(took), result)
    }

    fn of(took: Mutex<Vec<Duration>>) -> Self {
        let mut took = took.into_inner().unwrap();
        took.sort();
        let at = |percent| took[took.len() * percent / 100];
        Self { pages: took.len(), p50: at(50), p99: at(99) }
    }

    /// Whether it notices nothing of the others; where it is slow alone, the machine is busy with
    /// something else.
    pub(crate) fn is_as_quick_as(&self, alone: &Self) -> bool {
        self.p99 < QUICK.max(10 * alone.p99)
    }
}

/// Asks for pages, so many or without end, and notes how long each of them took.
async fn ask(deployment: &Deployment, pages: Option<usize>, took: &Mutex<Vec<Duration>>) {
    let path = logs("etl", "orders");
    let request = format!(
        "GET {path}?limit=10 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Authorization: Bearer {ANN}\r\n\r\n"
    );
    let mut pace = interval(Duration::from_millis(10));
    for _ in 0..pages.unwrap_or(usize::MAX) {
        pace.tick().await;
        let began = Instant::now();
        let answer = exchange(deployment.address, request.as_bytes()).await;
        took.lock().unwrap().push(began.elapsed());
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("SECRET-etl-19"), "{answer}");
    }
}
