//! What a stream of a log has until it is live.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use super::backoff::Backoff;
use super::catch_up::CatchUpReader;
use super::outbox::Outbox;
use super::question::Answer;
use super::rank::Rank;
use super::unsent::Unsent;
use crate::follow::{FilterOf, Source};
use crate::wire::EventId;

/// What only a stream has that is not live yet, or has something to send. Thousands are live at a
/// time, and have nothing of it.
pub(super) struct OnTheWay<S: Source> {
    /// Events that are to be sent.
    pub(super) ready: Outbox,
    /// What the source is asked for at the moment.
    pub(super) asked: Option<Pin<Box<dyn Future<Output = Answer<S>> + Send>>>,
    /// What the source has answered and is not sent yet.
    pub(super) unsent: Option<Unsent<S>>,
    /// Changes that were read up to this position, kept while history is brought up to date.
    pub(super) changes: Option<(S::Position, S::Changes)>,
    /// Reads what it has missed.
    pub(super) catching_up: Option<CatchUpReader<S::Position, FilterOf<S>>>,
    /// That of the stream that carries this.
    pub(super) heartbeat: Option<Duration>,
    pub(super) backoff: Backoff,
    /// The id of where it begins, for a client that has none.
    pub(super) begins_at: Option<EventId>,
    /// The keys of its newest records, oldest first, and where they begin: how many of them are for
    /// its client is said by the stream of several logs that it is part of.
    pub(super) newest: Option<Newest<S::Key>>,
    /// Up to where its history may be sent, as of what others have.
    pub(super) until: Option<Rank>,
}

pub(super) type Newest<K> = (Vec<K>, Option<K>);

impl<S: Source> Default for OnTheWay<S> {
    fn default() -> Self {
        Self {
            ready: Outbox::default(),
            asked: None,
            unsent: None,
            changes: None,
            catching_up: None,
            heartbeat: None,
            backoff: Backoff::default(),
            begins_at: None,
            newest: None,
            until: None,
        }
    }
}
