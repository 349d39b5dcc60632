//! The places of streams, and of exports.

use std::net::IpAddr;

use gapless_sse_core::{Admission, AdmissionLimits, Permit};

use super::limit::{Limit, Per, What};
use super::rate::Most;
use super::reached::Reached;

/// Who opens a stream or an export, and of what.
#[derive(Clone, Copy, Debug)]
pub struct Streamer<'a> {
    /// From where.
    pub address: IpAddr,
    /// Who, if that is known.
    pub user: Option<&'a str>,
    /// Of which workspace.
    pub workspace: &'a str,
}

/// The places of one stream or export, of whom it is counted for; free again when this is dropped.
#[derive(Debug)]
#[must_use = "the place is free again as soon as this is dropped; give it to what is open"]
pub struct Place {
    _address: Permit<IpAddr>,
    _user: Option<Permit<u64>>,
    _workspace: Permit<u64>,
    _all: Permit<()>,
}

#[derive(Debug)]
pub(super) struct Places {
    what: What,
    by_address: Admission<IpAddr>,
    by_user: Admission<u64>,
    by_workspace: Admission<u64>,
    all: Admission<()>,
    most: [Most; Per::ALL.len()],
}

impl Places {
    pub(super) fn new(what: What, most: impl Fn(Per) -> Most) -> Self {
        let each = AdmissionLimits::default().max_total(usize::MAX);
        let limits = |per| each.max_per_key(most(per).0);
        Self {
            what,
            by_address: Admission::new(limits(Per::Address)),
            by_user: Admission::new(limits(Per::User)),
            by_workspace: Admission::new(limits(Per::Workspace)),
            all: Admission::new(limits(Per::All)),
            most: Per::ALL.map(most),
        }
    }

    /// All places or none: what was taken before a refusal is dropped with it.
    pub(super) fn open(
        &self,
        streamer: &Streamer<'_>,
        key: impl Fn(&str) -> u64,
    ) -> Result<Place, Reached> {
        let reached =
            |per: Per| Reached::places(Limit { what: self.what, per }, self.most[per as usize]);
        let address = self.by_address.admit(streamer.address);
        let address = address.map_err(|_| reached(Per::Address))?;
        let user = streamer.user.map(|user| self.by_user.admit(key(user)));
        let user = user.transpose().map_err(|_| reached(Per::User))?;
        let workspace = self.by_workspace.admit(key(streamer.workspace));
        let workspace = workspace.map_err(|_| reached(Per::Workspace))?;
        let all = self.all.admit(()).map_err(|_| reached(Per::All))?;
        Ok(Place { _address: address, _user: user, _workspace: workspace, _all: all })
    }

    pub(super) fn addresses(&self) -> usize {
        self.by_address.stats().keys
    }
}
