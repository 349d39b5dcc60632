//! A listener whose connections are encrypted.

use std::io;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::Certificates;
use crate::{Accepted, Listener};

/// How often the files of the certificates are looked at.
const LOOKS: Duration = Duration::from_secs(10);

/// Encrypts the connections of another listener, over TLS 1.2 and 1.3. The client chooses HTTP/2 or
/// HTTP/1.1 by ALPN; one that does not takes what it begins to speak, and one that knows neither is
/// refused. Handshakes do not keep other clients from being accepted, and take at most the
/// [`header_read_limit`](crate::ServeOptions::header_read_limit).
///
/// Every 10 s it looks whether the files of the certificates have changed, and
/// [loads them anew](Certificates::reload) if so: who connects then is shown the new ones.
///
/// ```no_run
/// # async fn run(router: axum::Router) -> Result<(), Box<dyn std::error::Error>> {
/// use gapless_sse_hyper::{Certificates, ServeOptions, Tls, bind, serve};
///
/// let certificates = Certificates::read("fullchain.pem", "privkey.pem")?;
/// let listener = Tls::new(bind("0.0.0.0:443").await?, certificates);
/// let interrupt = async { drop(tokio::signal::ctrl_c().await) };
/// serve(listener, router, ServeOptions::default(), interrupt).await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Tls<L> {
    listener: L,
    certificates: Certificates,
    looks: Interval,
    look: Option<JoinHandle<()>>,
}

impl<L: Listener> Tls<L> {
    /// The connections of `listener`, encrypted.
    ///
    /// # Panics
    ///
    /// Outside of a runtime of tokio's with its timer.
    pub fn new(listener: L, certificates: Certificates) -> Self {
        let mut looks = interval_at(Instant::now() + LOOKS, LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { listener, certificates, looks, look: None }
    }
}

impl<L: Listener> Listener for Tls<L> {
    fn poll_accept(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
        while self.looks.poll_tick(context).is_ready() {
            // A folder that is not reached keeps one thread, and no client.
            if self.look.as_ref().is_none_or(JoinHandle::is_finished) {
                let certificates = self.certificates.clone();
                self.look = Some(spawn_blocking(move || certificates.look()));
            }
        }
        let mut accepted = ready!(self.listener.poll_accept(context))?;
        accepted.tls = Some(self.certificates.config());
        Poll::Ready(Ok(accepted))
    }
}
