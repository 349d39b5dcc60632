//! Whether anything new can come on a stream, and what its client knows of that.

use super::notice::Status;

/// What a stream knows of its log.
#[derive(Debug, Default)]
pub(super) struct Availability {
    /// The tail cannot read the source.
    pub(super) outage: bool,
    /// The source did not answer this stream.
    pub(super) failing: bool,
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

    /// What the client is to be told, if that is not what it was told last.
    pub(super) fn news(&mut self) -> Option<Status> {
        let status = match self.driver {
            Driver::Stopped => Status::Stopped,
            Driver::NotStarted => Status::NotStarted,
            Driver::Runs if self.outage || self.failing => Status::Unavailable,
            Driver::Runs => Status::Available,
        };
        (std::mem::replace(&mut self.told, status) != status).then_some(status)
    }
}
