//! Long work that leaves its thread to others now and then.

use std::time::{Duration, Instant};

use tokio::task::yield_now;

/// For how long work goes on without a pause.
const STEP: Duration = Duration::from_micros(500);

/// How long some work has gone on without a pause.
#[derive(Debug)]
pub(super) struct Pace(Instant);

impl Default for Pace {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Pace {
    /// Lets others have the thread, if it is time.
    pub(super) async fn step(&mut self) {
        if self.0.elapsed() >= STEP {
            yield_now().await;
            self.0 = Instant::now();
        }
    }
}
