//! Broadcast, and a topic for each user, in memory.

use std::fmt;
use std::sync::Arc;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};

use super::channel::Channel;
use super::follow::Follow;
use super::kept::Keep;
use super::log::Log;
use super::options::{FollowOptions, LogOptions};
use crate::follow::{Everything, History, Record, Scope, Seal, Topic};
use crate::wire::{Event, EventId};

/// In-memory publish/subscribe topics that clients can resume: a [`Channel`] and a [`Log`] that
/// follows it in a task of its own.
///
/// A client that comes back with its last event ID is given what it has missed, as long as that
/// is kept, and is told `reset` otherwise. Nothing outlives the process, nor do the ids. All topics
/// share what is kept. A clone publishes to the same topics; the task ends with the last clone and
/// the last stream.
///
/// A stream also has the events `start`, `sync` and `reset`, which [`Follow`] describes. Events get
/// ids of their own: one that was set is replaced, unless [`LogOptions::record_ids`] says otherwise.
///
/// ```
/// use gapless_sse_core::{Event, EventId, EventStream, Topics};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let topics = Topics::new(1_000); // keeps the newest 1,000 events
///
/// // In a handler, with the request's `Last-Event-ID`:
/// let last_event_id: Option<EventId> = None;
/// let events = topics.stream("ann", last_event_id);
/// let body = EventStream::new(events);
///
/// // Wherever something happens:
/// topics.publish("ann", Event::new("your report is ready"));
/// # drop(body);
/// # }
/// ```
pub struct Topics<R: Record = Event<'static>> {
    channel: Channel<R>,
    log: Log<Channel<R>>,
    begin: Arc<FollowOptions>,
}

/// All topics are of one space.
const SPACE: &str = "";

impl<R: Record<Filter = Everything>> Topics<R> {
    /// Keeps the newest `keep` records of all topics together, or bytes: see [`Keep`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn new(keep: impl Into<Keep>) -> Self {
        Self::with(keep, Seal::random(), LogOptions::default(), FollowOptions::default())
    }

    /// Topics with a seal and options of one's own; each stream begins as `begin` says.
    ///
    /// With [`LogOptions::record_ids`], events keep the ids that they are published with, and a
    /// client that comes back with one goes on after the newest kept record of its topic that has
    /// it. An id that no kept record has is a `reset`. Give each record of a topic an id of its own:
    /// one without an id is sent with that of its position.
    ///
    /// ```
    /// use gapless_sse_core::follow::{History, Seal};
    /// use gapless_sse_core::{Event, EventId, FollowOptions, LogOptions, Topics};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), gapless_sse_core::InvalidField> {
    /// // Events as they were published, and no others.
    /// let options = LogOptions::default().record_ids(true);
    /// let plain = FollowOptions::new(History::All).start(false).sync(false);
    /// let topics = Topics::with(1_000, Seal::random(), options, plain);
    ///
    /// topics.publish("ann", Event::new("one").id(1)?);
    /// topics.publish("ann", Event::new("two").id(2)?);
    /// let mut stream = topics.stream("ann", Some(EventId::new("1")?));
    /// assert_eq!(stream.next().await.unwrap().as_ref(), b"id: 2\ndata: two\n\n");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn with(
        keep: impl Into<Keep>,
        seal: Seal,
        options: LogOptions,
        begin: FollowOptions,
    ) -> Self {
        let channel = Channel::new(keep);
        let log = Log::spawn(channel.clone(), seal, options);
        Self { channel, log, begin: Arc::new(begin) }
    }

    /// Sends `record` to all streams of `topic`.
    pub fn publish(&self, topic: impl Into<Arc<str>>, record: R) {
        self.channel.publish(Topic::new(SPACE, topic), record);
    }

    /// The events of `topic` for one client: those after its last event ID, or, without one, those
    /// that are published from this call on.
    ///
    /// Without an id, write `None::<EventId>`. The stream is a [`Feed`](crate::Feed), not a
    /// `Stream`: a handler that answers with it returns `impl IntoResponse` or `impl Reply`.
    pub fn stream(
        &self,
        topic: impl Into<Arc<str>>,
        last_event_id: Option<impl Into<EventId>>,
    ) -> Follow<Channel<R>> {
        self.merged([topic], last_event_id)
    }

    /// The events of several topics for one client, in the order in which they were published.
    pub fn merged<N: Into<Arc<str>>>(
        &self,
        topics: impl IntoIterator<Item = N>,
        last_event_id: Option<impl Into<EventId>>,
    ) -> Follow<Channel<R>> {
        self.of(Scope::new(SPACE, topics), last_event_id)
    }

    /// The events of all topics for one client, in the order in which they were published, those
    /// of topics included that appear later.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use gapless_sse_core::{Event, EventId, Topics};
    ///
    /// let topics = Topics::new(1_000);
    /// let mut stream = topics.all(None::<EventId>);
    /// assert!(stream.next().await.unwrap().as_ref().starts_with(b"event: start"));
    /// assert!(stream.next().await.unwrap().as_ref().starts_with(b"event: sync"));
    /// topics.publish("a topic that is new", Event::new("one"));
    /// assert!(stream.next().await.unwrap().as_ref().ends_with(b"data: one\n\n"));
    /// # }
    /// ```
    pub fn all(&self, last_event_id: Option<impl Into<EventId>>) -> Follow<Channel<R>> {
        self.of(Scope::whole(SPACE), last_event_id)
    }

    fn of(&self, scope: Scope, last_event_id: Option<impl Into<EventId>>) -> Follow<Channel<R>> {
        let begin = FollowOptions::clone(&self.begin);
        match last_event_id {
            None if begin.history == History::Newest(0) => {
                self.log.follow_from(scope, begin, self.channel.end())
            }
            last => {
                let after = last.map(|id| self.position_id(&scope, id.into()));
                self.log.follow(scope, begin.after(after))
            }
        }
    }

    /// Publishes to `topic` what is received, until the sender is gone. The task that does so keeps
    /// the topics alive.
    ///
    /// ```
    /// use gapless_sse_core::{Event, EventId, Topics};
    /// use tokio::sync::mpsc;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let (sender, receiver) = mpsc::channel(16);
    /// let topics = Topics::new(1_000);
    /// topics.forward("job 7", receiver);
    /// let mut stream = topics.stream("job 7", None::<EventId>);
    /// sender.send(Event::new("50 %")).await.unwrap();
    /// # drop(stream.next().await);
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn forward(&self, topic: impl Into<Arc<str>>, mut receiver: mpsc::Receiver<R>) {
        let (topics, topic) = (self.clone(), topic.into());
        tokio::spawn(async move {
            while let Some(record) = receiver.recv().await {
                topics.publish(Arc::clone(&topic), record);
            }
        });
    }

    /// Publishes to `topic` what is broadcast, until the sender is gone. When the receiver is too
    /// slow and has lost records, `lagged` makes the record that says so, of how many there were.
    ///
    /// ```
    /// use gapless_sse_core::{Event, EventType, Topics};
    /// use tokio::sync::broadcast;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let sender = broadcast::Sender::new(64);
    /// let topics = Topics::new(1_000);
    /// topics.forward_broadcast("prices", sender.subscribe(), |lost| {
    ///     Event::new(lost.to_string()).event_type(EventType::from_static("lost"))
    /// });
    /// sender.send(Event::new("9412")).unwrap();
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn forward_broadcast(
        &self,
        topic: impl Into<Arc<str>>,
        mut receiver: broadcast::Receiver<R>,
        mut lagged: impl FnMut(u64) -> R + Send + 'static,
    ) where
        R: Clone,
    {
        let (topics, topic) = (self.clone(), topic.into());
        tokio::spawn(async move {
            loop {
                let record = match receiver.recv().await {
                    Ok(record) => record,
                    Err(RecvError::Lagged(lost)) => lagged(lost),
                    Err(RecvError::Closed) => return,
                };
                topics.publish(Arc::clone(&topic), record);
            }
        });
    }

    /// The log beneath: its state, its statistics, pages of history, and its end at a shutdown
    /// ([`Log::drain`]).
    pub fn log(&self) -> &Log<Channel<R>> {
        &self.log
    }

    /// The id of the position that `id` stands for, if it is that of a record.
    fn position_id(&self, scope: &Scope, id: EventId) -> EventId {
        if !self.log.keeps_record_ids() {
            return id;
        }
        let (epoch, position) = self.channel.position_of(scope, id.as_str());
        position.map_or(id, |position| self.log.seal(epoch, SPACE, &position))
    }
}

impl<R: Record> Clone for Topics<R> {
    fn clone(&self) -> Self {
        let Self { channel, log, begin } = self;
        Self { channel: channel.clone(), log: log.clone(), begin: Arc::clone(begin) }
    }
}

impl<R: Record> fmt::Debug for Topics<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Topics").field("channel", &self.channel).finish_non_exhaustive()
    }
}
