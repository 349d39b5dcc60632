//! That a limit is reached.

use std::fmt;
use std::time::Duration;

use super::limit::{Limit, Per, What};
use super::rate::{Most, Rate};

/// A limit that is reached, in words for who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Which one.
    pub limit: Limit,
    /// How many it allows.
    pub most: usize,
    /// In how many seconds, unless it is about what there is at the same time.
    pub window: Option<u32>,
    /// After how many seconds the answer may be another one, if that is known.
    pub wait: Option<u64>,
}

impl Reached {
    pub(super) fn rate(limit: Limit, rate: Rate, wait: Duration) -> Self {
        let most = usize::try_from(rate.count()).unwrap_or(usize::MAX);
        let wait = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self { limit, most, window: Some(rate.seconds()), wait: Some(wait.max(1)) }
    }

    /// The fields of draft-ietf-httpapi-ratelimit-headers.
    pub(crate) fn headers(&self) -> [(&'static str, String); 2] {
        let Self { limit, most, window, wait } = self;
        let window = window.map_or_else(String::new, |window| format!(";w={window}"));
        let wait = wait.map_or_else(String::new, |wait| format!(";t={wait}"));
        [
            ("ratelimit-policy", format!("\"{limit}\";q={most}{window}")),
            ("ratelimit", format!("\"{limit}\";r=0{wait}")),
        ]
    }

    pub(super) fn places(limit: Limit, Most(most): Most) -> Self {
        Self { limit, most, window: None, wait: None }
    }
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, most, window, wait } = self;
        if limit.what == What::Streams {
            return streams(f, *limit, *most);
        }
        let whose = match limit.per {
            Per::Address => "from your address",
            Per::User => "by you",
            Per::Workspace => "of this workspace",
            Per::All => "in all",
        };
        let setting = limit.setting();
        if limit.what == What::OpenExports {
            return write!(
                f,
                "{most} exports {whose} may be under way at a time, and are; wait until one of them \
                 ends, or set `{setting}` higher in the server's configuration"
            );
        }
        let what = limit.what.as_str().replace('_', " ");
        let (window, wait) = (window.unwrap_or(1), wait.unwrap_or(1));
        write!(
            f,
            "{most} {what} {whose} are allowed in {window} s, and this is one more; try again in \
             {wait} s, or set `{setting}` higher in the server's configuration"
        )
    }
}

fn streams(f: &mut fmt::Formatter<'_>, limit: Limit, most: usize) -> fmt::Result {
    let setting = limit.setting();
    match limit.per {
        Per::All => write!(
            f,
            "{most} streams are open, and this server takes no more; try again in a few seconds, \
             or start it with a higher --max-streams"
        ),
        Per::Address => write!(
            f,
            "your address may have {most} streams open at a time, and has them; close some, or start the \
             server with a higher --max-streams-per-address"
        ),
        Per::User => write!(
            f,
            "you may have {most} streams open at a time, and have them; close some, or set `{setting}` \
             higher in the server's configuration"
        ),
        Per::Workspace => write!(
            f,
            "this workspace has {most} streams open, and may have no more; try again in a few \
             seconds, or set `{setting}` higher in the server's configuration"
        ),
    }
}
