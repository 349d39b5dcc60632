//! What a session or a ticket holds of the caller whom it stands for.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Caller, Grant, Grants, KnownBy, Pattern, Right, RowRule, RowRules};

/// A caller, as he is written where only this server reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Held {
    user: Box<str>,
    /// What names it, to be revoked by.
    pub(super) id: Box<str>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) made_from: Option<Box<str>>,
    /// In milliseconds of Unix time, as all times here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    issued: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    expires: Option<i64>,
    grants: Vec<HeldGrant>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    rows: Vec<(Box<str>, Box<str>)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct HeldGrant(Vec<Box<str>>, Vec<Box<str>>, Vec<Box<str>>);

impl Held {
    pub(super) fn of(caller: &Caller) -> Self {
        let texts = |patterns: &[Pattern]| patterns.iter().map(|p| p.as_str().into()).collect();
        let grants = caller.grants.0.iter().map(|Grant { workspaces, workflows, rights }| {
            let rights = Right::ALL.into_iter().filter(|right| rights.has(*right));
            let rights = rights.map(|right| right.as_str().into()).collect();
            HeldGrant(texts(workspaces), texts(workflows), rights)
        });
        let rows = &caller.rows.0;
        Self {
            user: caller.user.clone(),
            id: caller.credential.clone(),
            made_from: caller.made_from.clone(),
            issued: caller.issued.map(Timestamp::as_millisecond),
            expires: caller.expires.map(Timestamp::as_millisecond),
            grants: grants.collect(),
            rows: rows.iter().map(|rule| (rule.field.clone(), rule.value.clone())).collect(),
        }
    }

    pub(super) fn caller(self, known_by: KnownBy) -> Caller {
        let time = |time| Timestamp::from_millisecond(time).unwrap_or(Timestamp::MIN);
        let patterns = |texts: Vec<Box<str>>| {
            texts.into_iter().map(|text| Pattern::from(String::from(text))).collect()
        };
        let grants =
            self.grants.into_iter().map(|HeldGrant(workspaces, workflows, rights)| Grant {
                workspaces: patterns(workspaces),
                workflows: patterns(workflows),
                rights: rights.iter().filter_map(|right| right.parse().ok()).collect(),
            });
        let rows = self.rows.into_iter().map(|(field, value)| RowRule { field, value });
        Caller {
            user: self.user,
            known_by,
            credential: self.id,
            made_from: self.made_from,
            issued: self.issued.map(time),
            grants: Grants(grants.collect()),
            only_there: false,
            rows: RowRules(rows.collect()),
            expires: self.expires.map(time),
            ask_again: None,
            ask_with: None,
        }
    }
}
