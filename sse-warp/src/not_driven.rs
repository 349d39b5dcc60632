//! The reply to a client whose log nobody reads.

use std::error::Error;
use std::fmt;

use gapless_sse_core::follow::Source;
use gapless_sse_core::{Log, LogState};
use warp::Reply;
use warp::reply::Response;

/// Answers with 503, why, and `Retry-After`, where a stream would be silent: its log has no driver
/// that runs.
///
/// ```
/// use gapless_sse_warp::core::{Channel, Event};
/// use gapless_sse_warp::follow::{History, Scope};
/// use gapless_sse_warp::{FollowOptions, Log, NotDriven, reply};
/// use warp::Reply;
///
/// fn lines(log: &Log<Channel<Event<'static>>>) -> Result<impl Reply + use<>, NotDriven> {
///     NotDriven::check(log)?;
///     Ok(reply(log.follow(Scope::new("app", ["lines"]), FollowOptions::new(History::All))))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotDriven(LogState);

impl NotDriven {
    /// Whether streams of `log` would be told anything.
    ///
    /// # Errors
    ///
    /// When its driver does not run, or does not run any more ([`LogState::is_driven`]).
    pub fn check<S: Source>(log: &Log<S>) -> Result<(), Self> {
        let state = log.state();
        if state.is_driven() { Ok(()) } else { Err(Self(state)) }
    }
}

impl fmt::Display for NotDriven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            LogState::NotStarted => "the log is not read yet; try again in a few seconds",
            _ => "the log is not read any more; the server is to be started again",
        })
    }
}

impl Error for NotDriven {}

impl Reply for NotDriven {
    fn into_response(self) -> Response {
        gapless_sse_hyper::unavailable_response(self.to_string()).map(Into::into)
    }
}
