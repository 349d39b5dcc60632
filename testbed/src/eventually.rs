//! Waiting for what another process brings about.

use std::thread;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(10);

/// Asks again and again until there is an answer, or `None` once the deadline has passed.
///
/// It blocks its thread: from asynchronous code call it where blocking is allowed.
///
/// ```
/// use std::time::Duration;
///
/// let mut asked = 0;
/// let answer = testbed::eventually(Duration::from_secs(5), || {
///     asked += 1;
///     (asked == 3).then_some(asked)
/// });
/// assert_eq!(answer, Some(3));
/// ```
pub fn eventually<T>(deadline: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + deadline;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() >= end {
            return None;
        }
        thread::sleep(PAUSE);
    }
}
