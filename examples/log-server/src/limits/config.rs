//! `[limits]` of the configuration, and what is without it.

use std::num::NonZero;
use std::time;

use serde::Deserialize;

use super::limit::{Limit, Per, What};
use super::rate::{Most, Rate};
use super::sizes::Sizes;
use crate::config::Duration;

/// How long an answer may take to begin, unless something is said.
const REQUEST_TIME: time::Duration = time::Duration::from_secs(120);

/// `[limits]`: what is not given has a default that neither people nor programs notice who use
/// the server as it is meant.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct LimitsConfig {
    /// Streams that are open at the same time.
    pub streams: Each<Most>,
    /// Requests of every kind.
    pub requests: Each<Rate>,
    /// Streams that are opened.
    pub connects: Each<Rate>,
    /// Pages and lists.
    pub pages: Each<Rate>,
    /// Pages that search.
    pub searches: Each<Rate>,
    /// Requests that write rows.
    pub appends: Each<Rate>,
    /// Exports that are under way at the same time.
    pub open_exports: Each<Most>,
    /// Exports, and streams that read all of history.
    pub exports: Each<Rate>,
    /// Credentials that nobody knows.
    pub failed_sign_ins_per_address: Rate,
    /// How large a request's head may be.
    #[serde(rename = "head")]
    pub sizes: Sizes,
    /// How long an answer may take to begin, or `0s` for as long as it takes. Streams have begun at
    /// once.
    pub request_time: Option<Duration>,
}

/// A figure for each of whom a limit is for, if it is given.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case", bound = "T: Deserialize<'de>")]
pub struct Each<T> {
    /// For all together.
    pub in_all: Option<T>,
    /// For one user.
    pub per_user: Option<T>,
    /// For one workspace.
    pub per_workspace: Option<T>,
    /// For one address.
    pub per_address: Option<T>,
}

impl<T> Default for Each<T> {
    fn default() -> Self {
        Self { in_all: None, per_user: None, per_workspace: None, per_address: None }
    }
}

impl<T: Copy> Each<T> {
    fn of(&self, per: Per) -> Option<T> {
        match per {
            Per::Address => self.per_address,
            Per::User => self.per_user,
            Per::Workspace => self.per_workspace,
            Per::All => self.in_all,
        }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            streams: Each::default(),
            requests: Each::default(),
            connects: Each::default(),
            pages: Each::default(),
            searches: Each::default(),
            appends: Each::default(),
            open_exports: Each::default(),
            exports: Each::default(),
            failed_sign_ins_per_address: Rate::of(6000, 60),
            sizes: Sizes::default(),
            request_time: None,
        }
    }
}

impl LimitsConfig {
    /// With what the command line says about streams.
    pub fn with_streams(
        mut self,
        in_all: Option<NonZero<usize>>,
        per_address: Option<NonZero<usize>>,
    ) -> Self {
        let most = |given: NonZero<usize>| Most(given.get());
        self.streams.in_all = in_all.map(most).or(self.streams.in_all);
        self.streams.per_address = per_address.map(most).or(self.streams.per_address);
        self
    }

    /// For a server whose searches may take so long.
    pub fn with_search_time(mut self, search: time::Duration) -> Self {
        // They wait for each other, too.
        self.request_time.get_or_insert(Duration(REQUEST_TIME.max(search.saturating_mul(4))));
        self
    }

    /// How long an answer may take to begin.
    pub(super) fn request_time(&self) -> time::Duration {
        self.request_time.map_or(REQUEST_TIME, time::Duration::from)
    }

    /// How many exports may be under way.
    pub(super) fn most_exports(&self, per: Per) -> Most {
        self.open_exports.of(per).unwrap_or(match per {
            Per::All => Most(64),
            Per::Workspace => Most(32),
            Per::Address => Most(16),
            Per::User => Most(8),
        })
    }

    /// How many streams may be open.
    pub(super) fn most_streams(&self, per: Per) -> Most {
        self.streams.of(per).unwrap_or(match per {
            Per::All => Most(20_000),
            Per::Workspace => Most(10_000),
            Per::Address => Most(5_000),
            Per::User => Most(1_000),
        })
    }

    /// How much may be asked for in a time.
    pub(super) fn rate(&self, Limit { what, per }: Limit) -> Rate {
        let given = match what {
            What::Streams | What::OpenExports | What::FailedSignIns => return Rate::OFF,
            What::Requests => &self.requests,
            What::Connects => &self.connects,
            What::Pages => &self.pages,
            What::Searches => &self.searches,
            What::Appends => &self.appends,
            What::Exports => &self.exports,
        };
        given.of(per).unwrap_or_else(|| usual(what, per))
    }
}

/// Of one workspace half of what there is in all, from one address as much, and by one user a
/// fifth. In all there is more than a server carries; what one address may take is for an office
/// that comes back after a restart, and for a service that writes for everybody.
fn usual(what: What, per: Per) -> Rate {
    let in_all = match what {
        What::Streams | What::OpenExports | What::FailedSignIns => return Rate::OFF,
        What::Requests => 1_000_000,
        What::Appends => 500_000,
        What::Connects | What::Pages => 200_000,
        What::Searches | What::Exports => 50_000,
    };
    let count = match per {
        Per::All if what == What::Requests => return Rate::OFF,
        Per::All => in_all,
        Per::Workspace | Per::Address => in_all / 2,
        Per::User => in_all / 5,
    };
    Rate::of(count, 5)
}
