//! Each row of the table of faults, as a function of a seed.

mod clocks;
mod disconnects;
mod failover;
mod ids;
mod lagging;
mod lives;
mod oplog;
mod restarts;
mod rollback;
mod slow;
mod snapshots;
mod standalone;
mod storm;
mod transactions;

use futures_util::future::BoxFuture;

pub use clocks::clocks;
pub use disconnects::disconnects;
pub use failover::failover;
pub use ids::ids;
pub use lagging::lagging;
pub use lives::lives;
pub use oplog::oplog;
pub use restarts::restarts;
pub use rollback::rollback;
pub use slow::{slow, stalled};
pub use snapshots::{indexed, snapshots};
pub use standalone::standalone;
pub use storm::storm;
pub use transactions::transactions;

/// A scenario, to be run with a seed.
pub type Scenario = fn(u64) -> BoxFuture<'static, ()>;

/// All of them by name. The storm, which mixes faults at random, comes first.
pub const ALL: &[(&str, Scenario)] = &[
    ("storm", |seed| Box::pin(storm(seed, 90))),
    ("failover", |seed| Box::pin(failover(seed))),
    ("rollback", |seed| Box::pin(rollback(seed))),
    ("restarts", |seed| Box::pin(restarts(seed))),
    ("lagging", |seed| Box::pin(lagging(seed))),
    ("disconnects", |seed| Box::pin(disconnects(seed))),
    ("transactions", |seed| Box::pin(transactions(seed))),
    ("snapshots", |seed| Box::pin(snapshots(seed))),
    ("indexed", |seed| Box::pin(indexed(seed))),
    ("slow", |seed| Box::pin(slow(seed))),
    ("stalled", |seed| Box::pin(stalled(seed))),
    ("oplog", |seed| Box::pin(oplog(seed))),
    ("lives", |seed| Box::pin(lives(seed))),
    ("ids", |seed| Box::pin(ids(seed))),
    ("clocks", |seed| Box::pin(clocks(seed))),
    ("standalone", |seed| Box::pin(standalone(seed))),
];
