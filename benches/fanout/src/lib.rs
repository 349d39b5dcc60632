//! What the peers of the comparison share: the events and when they are due.

use std::convert::Infallible;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::{Instant, interval_at};

/// How far behind a stream may be before it misses events.
pub const BACKLOG: usize = 4096;

/// What `GET /rate` is asked for, in events a second.
#[derive(Deserialize)]
pub struct Rate {
    pub r: f64,
}

/// The port to listen on, as `--port` says; any without it.
pub fn port() -> u16 {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--port");
    arguments.nth(1).map_or(0, |port| port.parse().expect("a port"))
}

/// Publishes the text of each event when it is due, and at once what became due meanwhile.
pub async fn tick(mut rate: watch::Receiver<f64>, publish: impl Fn(String)) -> Infallible {
    let mut seq = 0_u64;
    loop {
        let period = Duration::from_secs_f64(1.0 / rate.borrow_and_update().max(1e-6));
        let (began, began_unix) = (Instant::now(), SystemTime::now());
        let mut clock = interval_at(began + period, period);
        loop {
            let due = tokio::select! {
                due = clock.tick() => due,
                Ok(()) = rate.changed() => break,
            };
            let t = (began_unix + (due - began)).duration_since(UNIX_EPOCH).unwrap_or_default();
            seq += 1;
            publish(text(t, seq));
        }
    }
}

/// The text of an event: 200 bytes of JSON.
pub fn text(t: Duration, seq: u64) -> String {
    let head = format!(r#"{{"t":{},"seq":{seq},"text":""#, t.as_nanos());
    format!("{head:x<198}\"}}")
}
