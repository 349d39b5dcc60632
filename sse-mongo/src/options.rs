//! How a collection is followed.

use std::sync::Arc;
use std::time::Duration;

use crate::dates::{BsonDates, Dates};
use crate::fields::{Fields, Named};

/// How a collection is followed.
///
/// ```
/// use std::time::Duration;
///
/// use gapless_sse_mongo::{Mode, Options};
///
/// let options = Options::topic("tenant", "job").date("created_at");
/// assert_eq!(options.mode, Mode::Auto);
///
/// let polled = options.mode(Mode::Poll).interval(Duration::from_secs(1));
/// assert_eq!(polled.fields.date, "created_at");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The fields of a record that following it needs.
    pub fields: Fields,
    /// See [`Options::dates`].
    pub dates: Arc<dyn Dates>,
    /// Whether to use change streams.
    pub mode: Mode,
    /// See [`Options::lateness`].
    pub lateness: Duration,
    /// See [`Options::interval`].
    pub interval: Duration,
    /// See [`Options::audit`].
    pub audit: usize,
    /// See [`Options::warm_up`].
    pub warm_up: Duration,
    /// See [`Options::epoch`].
    pub epoch: u32,
    /// See [`Options::batch_size`].
    pub batch_size: u32,
    /// How much a page of history looks at that its filter leaves out.
    pub effort: Effort,
    /// Whether to make the indexes that reading needs.
    pub indexes: Indexes,
    /// See [`Options::index_by`].
    pub index_by: Vec<String>,
    /// See [`Options::connections`].
    pub connections: Option<u32>,
}

impl Options {
    /// Follows records whose [topic](gapless_sse_core::follow::Topic) is in these two fields:
    /// `space` is the name of the field that has the topic's space (such as a tenant), and `name`
    /// that of the field that has its name within the space.
    ///
    /// A string names a topic; so do the text forms of an `ObjectId`, a UUID (of the old subtype 3 in
    /// Python's order of bytes) and a whole number of 64 bits (`7`, also of a double). A record in
    /// which one of the fields is missing or holds something else, such as a `DBRef`, belongs to no
    /// topic: it is left out, counted by what it holds in
    /// [`Stats::no_topic`](crate::Stats::no_topic), and logged for the first, the tenth, the
    /// hundredth and so on.
    ///
    /// A field may lie within others (`meta.tenant`), none of which is an array. Where all records
    /// are of one space, or have one name, [`Named::Constant`] says which.
    ///
    /// The date of a record is in its field `date`, unless [`Options::date`] names another one.
    pub fn topic(space: impl Into<Named>, name: impl Into<Named>) -> Self {
        Self {
            fields: Fields::new(space.into(), name.into()),
            dates: Arc::new(BsonDates),
            mode: Mode::Auto,
            lateness: Duration::from_secs(3),
            interval: Duration::from_secs(2),
            audit: 100_000,
            warm_up: Duration::from_secs(5),
            epoch: 0,
            batch_size: 2000,
            effort: Effort::default(),
            indexes: Indexes::default(),
            index_by: Vec::new(),
            connections: None,
        }
    }

    /// Whether to make the indexes that reading history needs. [`Indexes::Small`] by default.
    #[must_use]
    pub fn indexes(mut self, indexes: Indexes) -> Self {
        self.indexes = indexes;
        self
    }

    /// Makes indexes of this field too when [`Mongo::make_indexes`](crate::Mongo::make_indexes) is
    /// asked to: of a topic's fields, this one, the date and `_id`, and the same of whole spaces.
    /// Searches for few of its values ([`Narrowing::by`](crate::Narrowing::by)) find by them at once
    /// what is rare. Indexes that are there already are used unasked.
    ///
    /// Each makes writing dearer; and MongoDB then refuses a record that has arrays in both this
    /// field and the date.
    #[must_use]
    pub fn index_by(mut self, field: impl Into<String>) -> Self {
        self.index_by.push(field.into());
        self
    }

    /// The field that history is ordered by, then by `_id`: usually when a record was made.
    /// `date` by default.
    ///
    /// It may hold values of any type, but for arrays, which have no one place in an index: records
    /// with them are left out. And only [dates](Options::dates) are within ranges of time, and found
    /// as news by polling. The others are counted in [`Stats::no_date`](crate::Stats::no_date), and
    /// logged as those without a topic are.
    #[must_use]
    pub fn date(mut self, field: impl Into<String>) -> Self {
        self.fields.date = field.into();
        self
    }

    /// How dates are stored, if not as those of BSON.
    #[must_use]
    pub fn dates(mut self, dates: impl Dates + 'static) -> Self {
        self.dates = Arc::new(dates);
        self
    }

    /// What a [`Narrow`](crate::Narrow) calls `name` is stored as `field`: see [`Fields::stored`].
    #[must_use]
    pub fn stored_as(mut self, name: impl Into<String>, field: impl Into<String>) -> Self {
        self.fields.store_as(name.into(), field.into());
        self
    }

    /// Whether to use change streams. [`Mode::Auto`] by default.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// For polling: how long after its date a record may become visible and still be delivered in
    /// its place. Up to eleven times that, it is delivered late. 3 s by default.
    #[must_use]
    pub fn lateness(mut self, lateness: Duration) -> Self {
        self.lateness = lateness;
        self
    }

    /// For polling: the time between two polls, at least 10 ms. 2 s by default.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// For polling: how many delivered records the audit remembers in order to tell which ones
    /// came late, at about 50 bytes each; 0 switches the audit off. Where more records come within
    /// 13 times the lateness, the audit looks back less far. 100,000 by default.
    #[must_use]
    pub fn audit(mut self, records: usize) -> Self {
        self.audit = records;
        self
    }

    /// For change streams: how far in the past a new tail starts, so that clients which were away
    /// for no longer than that are served from memory. 5 s by default.
    #[must_use]
    pub fn warm_up(mut self, warm_up: Duration) -> Self {
        self.warm_up = warm_up;
        self
    }

    /// A number to raise after the data was restored to an earlier state: positions that clients
    /// got before are then refused. 0 by default.
    #[must_use]
    pub fn epoch(mut self, epoch: u32) -> Self {
        self.epoch = epoch;
        self
    }

    /// How many records a batch of changes holds at most. 2000 by default.
    #[must_use]
    pub fn batch_size(mut self, records: u32) -> Self {
        self.batch_size = records;
        self
    }

    /// How much a page of history looks at that its filter leaves out.
    #[must_use]
    pub fn effort(mut self, effort: Effort) -> Self {
        self.effort = effort;
        self
    }

    /// How many connections of the driver's pool are used at most. The pool should have as many:
    /// see `maxPoolSize` in the connection string. Seven of them are for changes; pages, large
    /// ones, searches, lists and writes share the others, none of which waits for another kind.
    ///
    /// By default as many as the pool of [`Mongo::connect`](crate::Mongo::connect) has; 10, which
    /// is the driver's own default, for [`Mongo::new`](crate::Mongo::new).
    #[must_use]
    pub fn connections(mut self, connections: u32) -> Self {
        self.connections = Some(connections);
        self
    }
}

/// Whether to use change streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// Where the server has them; otherwise poll.
    #[default]
    Auto,
    /// Always; a server without them is an error.
    ChangeStreams,
    /// Never: poll.
    Poll,
}

/// Whether to make the indexes that reading needs, which takes hours for hundreds of millions of
/// records.
///
/// History is read by an index of a topic's two fields, the date and `_id`, and polling by one of
/// the date and `_id`. Either direction serves, and so do more fields behind. Change streams need
/// none: without it, streams are live, and history is an error that says what is missing.
///
/// History of whole spaces ([`Scope::whole`](gapless_sse_core::follow::Scope::whole)) is read by an
/// index of the space's field, the date and `_id`. It is made with a new collection and by
/// [`Mongo::make_indexes`](crate::Mongo::make_indexes), and in others when a whole space is first
/// read, if it may be. Without it, single topics are read as ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Indexes {
    /// Those of a collection with fewer than 100,000 records.
    #[default]
    Small,
    /// All that are missing.
    Create,
    /// None: one that is missing is an error.
    Require,
    /// None, and [`Mongo::check_indexes`](crate::Mongo::check_indexes) does not ask for them: only
    /// live records are wanted.
    None,
}

/// How much a page of history looks at that its filter leaves out, before it ends where it is.
///
/// ```
/// use gapless_sse_mongo::Effort;
///
/// assert_eq!(Effort::default().records(5000).records, 5000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Effort {
    /// How many records. 100,000 by default.
    pub records: usize,
    /// How many bytes of records that the server did not leave out. 64 MiB by default.
    pub bytes: usize,
    /// For how long. 2 s by default. The first step, of a few thousand records, may take longer.
    pub time: Duration,
}

impl Effort {
    /// Sets how many records.
    #[must_use]
    pub fn records(mut self, records: usize) -> Self {
        self.records = records;
        self
    }

    /// Sets how many bytes of records that the server did not leave out.
    #[must_use]
    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// Sets for how long.
    #[must_use]
    pub fn time(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }
}

impl Default for Effort {
    fn default() -> Self {
        Self { records: 100_000, bytes: 64 << 20, time: Duration::from_secs(2) }
    }
}
