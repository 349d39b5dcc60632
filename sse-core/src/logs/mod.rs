//! Logs that are followed, driven by tokio: the log, its driver and its streams; logs in memory and
//! in tables.

mod append_only;
mod around;
mod availability;
mod backoff;
mod budget;
mod catch_up;
mod channel;
mod driver;
mod encoding;
mod failure;
mod follow;
mod inner;
mod kept;
mod log;
mod merged;
mod notice;
mod on_the_way;
mod options;
mod outbox;
mod pace;
mod part_read;
mod pieces;
mod question;
mod rank;
mod reports;
mod stats;
mod tail;
mod topics;
mod unsent;

pub use append_only::{
    AppendOnly, AppendOnlyChanges, AppendOnlyStore, Row, RowQuery, RowsOf, Unavailable,
};
pub use around::LogAround;
pub use budget::HeldBytes;
pub use channel::{Channel, ChannelChanges};
pub use driver::LogDriver;
pub use failure::{LogFailure, LogReader};
pub use follow::Follow;
pub use inner::{LogState, TailFailure};
pub use kept::{ChannelLagged, Keep, Sequence};
pub use log::{Log, LogPage, PageError};
pub use merged::{InvalidLogs, MergedFollow, MergedLog};
pub use options::{FollowOptions, LogOptions};
pub use reports::LogEvent;
pub use stats::LogStats;
pub use topics::Topics;
