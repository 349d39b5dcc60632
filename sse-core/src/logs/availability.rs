//! Whether anything new can come on a stream, and what its client knows of that.

use super::notice::Status;
use crate::follow::Fault;

/// What a stream knows of its log.
#[derive(Debug, Default)]
pub(super) struct Availability {
    /// Why the tail cannot read the source.
    pub(super) outage: Option<Fault>,
    /// Why the source did not answer this stream.
    pub(super) failing: Option<Fault>,
    pub(super) driver: Driver,
    /// What the client was told last.
    told: Status,
}

/// Whether the log is read at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Driver {
    #[default]
    Runs,
    /// It has not started in time.
    NotStarted,
    /// It is gone, and will not come back.
    Stopped,
}

impl Availability {
    /// The tail reads the log, or has tried to.
    pub(super) fn driver_runs(&mut self) {
        if self.driver == Driver::NotStarted {
            self.driver = Driver::Runs;
        }
    }

    /// The client was told that nothing new can come.
    pub(super) fn is_told_away(&self) -> bool {
        self.told != Status::Available
    }

    /// The source does not take what this stream asks for, and is not asked again.
    pub(super) fn is_refused(&self) -> bool {
        self.failing == Some(Fault::Refused)
    }

    /// What the client is to be told, if that is not what it was told last.
    pub(super) fn news(&mut self) -> Option<Status> {
        let status = match self.driver {
            Driver::Stopped => Status::Stopped,
            Driver::NotStarted => Status::NotStarted,
            Driver::Runs if self.is_refused() => Status::Refused,
            Driver::Runs => match (self.outage, self.failing) {
                (None, None) => Status::Available,
                (Some(Fault::NeedsAction | Fault::Refused), _) | (_, Some(Fault::NeedsAction)) => {
                    Status::NeedsAction
                }
                _ => Status::Unavailable,
            },
        };
        (std::mem::replace(&mut self.told, status) != status).then_some(status)
    }
}
