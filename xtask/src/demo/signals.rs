//! Signals as messages, for what must be ended before we end.

use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::failure::Failure;

/// How long to wait for one before looking at what else has happened.
pub(super) const GLANCE: Duration = Duration::from_millis(200);

/// From here on, a signal to end is a message.
pub(super) fn signals() -> Result<Receiver<()>, Failure> {
    let mut signals =
        Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(Failure::io("listen for signals"))?;
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for _ in signals.forever() {
            if sender.send(()).is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}
