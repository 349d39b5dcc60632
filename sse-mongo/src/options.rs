//! How a collection is to be followed.

use std::time::Duration;

/// How a collection is to be followed.
///
/// ```
/// use gapless_sse_mongo::{Mode, Options};
///
/// let options = Options { mode: Mode::Poll, ..Options::default() };
/// assert_eq!(options.fields.workspace, "workspace_id");
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    /// What the fields of a record are called.
    pub fields: Fields,
    /// Whether to use change streams.
    pub mode: Mode,
    /// In poll mode: how long after its date a record may become visible and still be seen in its
    /// place; up to eleven times that, it is handed out late.
    pub lateness: Duration,
    /// In poll mode: how often to look, every 10 ms at most.
    pub interval: Duration,
    /// In poll mode: of how many records the audit remembers that they were handed out, in order to
    /// tell which ones came late; about 50 bytes each, and 0 for no audit. Where more come within
    /// 13 times the lateness, it looks back less far.
    pub audit: usize,
    /// In change-stream mode: how far before now a new tail starts, so that clients which were
    /// away for no longer than that find the ring warm.
    pub warm_up: Duration,
    /// An operator's number, to be raised after the data was restored to an earlier state.
    pub epoch: u32,
    /// How many records a batch of changes holds at most.
    pub batch_size: u32,
    /// How much a page of history looks at that its filter leaves out.
    pub effort: Effort,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            fields: Fields::default(),
            mode: Mode::Auto,
            lateness: Duration::from_secs(3),
            interval: Duration::from_secs(2),
            audit: 100_000,
            warm_up: Duration::from_secs(5),
            epoch: 0,
            batch_size: 2000,
            effort: Effort::default(),
        }
    }
}

/// Whether to use change streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Where the server has them, else poll.
    #[default]
    Auto,
    /// Insist on them.
    ChangeStreams,
    /// Poll, whatever the server has.
    Poll,
}

/// What the fields of a record are called in the collection. The id is always `_id`; none may be
/// within another.
///
/// `workspace` and `workflow` tell which log a record belongs to. A string names it; so do the
/// text forms of an `ObjectId`, a UUID and a whole number of 64 bits (`7`, also of a double). A
/// record in which one of them is missing or something else belongs to no log: it is not followed,
/// and counted ([`Mongo::skipped`](crate::Mongo::skipped)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    /// The workspace that the record belongs to.
    pub workspace: String,
    /// The workflow within its workspace.
    pub workflow: String,
    /// When it happened: what history is ordered by.
    pub date: String,
    /// How grave it is.
    pub level: String,
    /// What kind of record it is.
    pub kind: String,
    /// What it says.
    pub message: String,
}

impl Default for Fields {
    fn default() -> Self {
        Self {
            workspace: "workspace_id".into(),
            workflow: "workflow_id".into(),
            date: "date".into(),
            level: "level".into(),
            kind: "type".into(),
            message: "message".into(),
        }
    }
}

/// How much a page of history may look at that its filter leaves out, before it ends where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// How many records; 100,000 by default.
    pub records: usize,
    /// How many bytes of records that the server did not leave out; 64 MiB by default.
    pub bytes: usize,
    /// For how long; 2 s by default. The first step, of a few thousand records, may take longer.
    pub time: Duration,
}

impl Default for Effort {
    fn default() -> Self {
        Self { records: 100_000, bytes: 64 << 20, time: Duration::from_secs(2) }
    }
}
