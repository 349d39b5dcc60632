//! What the service has said.

use std::borrow::Cow;

use http::header::{HeaderName, HeaderValue, WWW_AUTHENTICATE};
use http::response::Parts;
use http::{HeaderMap, StatusCode};
use percent_encoding::percent_decode_str;

use super::config::{AnswerHeaders, ForwardError};
use super::question::Question;
use crate::access::{
    Caller, Denied, Grant, Grants, KnownBy, Pattern, Place, Reason, Right, Rights, RowRule,
    RowRules, Workflows,
};

/// What the service has said.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// He may, and is this one.
    Yes(Box<Caller>),
    /// He may not.
    No(Denied),
    /// Nothing, or nothing that makes sense: what is wrong, for the server's own log.
    Down(String),
}

/// Reads answers.
#[derive(Debug)]
pub(super) struct Reader {
    user: HeaderName,
    rights: HeaderName,
    workspaces: HeaderName,
    workflows: HeaderName,
    rows: HeaderName,
}

impl Reader {
    /// # Errors
    ///
    /// When one of them is no name of a header.
    pub(super) fn new(headers: &AnswerHeaders) -> Result<Self, ForwardError> {
        let name = |text: &str| {
            let name = HeaderName::from_bytes(text.as_bytes());
            name.map_err(|_| ForwardError::HeaderName(text.to_owned()))
        };
        Ok(Self {
            user: name(&headers.user)?,
            rights: name(&headers.rights)?,
            workspaces: name(&headers.workspaces)?,
            workflows: name(&headers.workflows)?,
            rows: name(&headers.rows)?,
        })
    }

    /// What the head of an answer says about a question, of which nothing is known but what is in
    /// its `fingerprint`.
    pub(super) fn read(&self, head: &Parts, question: &Question, fingerprint: &str) -> Answer {
        match head.status {
            status if status.is_success() => self
                .caller(&head.headers, question, fingerprint)
                .map_or_else(Answer::Down, |caller| Answer::Yes(Box::new(caller))),
            StatusCode::UNAUTHORIZED => {
                let mut denied = unknown();
                denied.challenge = head.headers.get(WWW_AUTHENTICATE).cloned();
                Answer::No(denied)
            }
            // Where it sends people to sign in is nowhere for a stream.
            status if status.is_redirection() => Answer::No(unknown()),
            // What it does not know and what it does not show look the same here.
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE => {
                Answer::No(forbidden())
            }
            status => Answer::Down(format!("it answers {status}, which is neither yes nor no")),
        }
    }

    fn caller(
        &self,
        headers: &HeaderMap,
        question: &Question,
        fingerprint: &str,
    ) -> Result<Caller, String> {
        let user = headers.get(&self.user).map(|user| decoded(&text(user)?)).transpose()?;
        // What nobody has brought cannot be taken back from one alone.
        let anonymous = question.is_anonymous();
        let credential = if anonymous { "" } else { fingerprint };
        let otherwise = if anonymous { "anonymous" } else { fingerprint };
        let user = user.filter(|user| !user.is_empty()).unwrap_or_else(|| otherwise.to_owned());
        let rights: Rights = match list(headers, &self.rights)? {
            Some(names) => names
                .iter()
                .map(|name| {
                    name.parse::<Right>().map_err(|error| format!("{}: {error}", self.rights))
                })
                .collect::<Result<_, _>>()?,
            None => [question.right()].into_iter().collect(),
        };
        let place = question.place();
        let (named, of_named) = (list(headers, &self.workspaces)?, list(headers, &self.workflows)?);
        // Without a header, a word about a list is about nothing in it.
        let only_there = match place {
            Place { workspace: None, .. } => named.is_none(),
            Place { workflows, .. } => *workflows == Workflows::Some && of_named.is_none(),
        };
        let one = |name: &str| vec![Pattern::from(name.to_owned())];
        let workspaces = match (named, &place.workspace) {
            (Some(named), _) => patterns(&named)?,
            (None, Some(name)) => one(name),
            (None, None) => vec![Pattern::any()],
        };
        let workflows = match (of_named, &place.workflows) {
            (Some(named), _) => patterns(&named)?,
            (None, Workflows::One(name)) => one(name),
            (None, Workflows::Some) => vec![Pattern::any()],
            // That one workflow of this name may be seen, which there is not, is no word about all.
            (None, Workflows::All | Workflows::Several(_)) => Vec::new(),
        };
        let grants = Grants(vec![Grant { workspaces, workflows, rights }]);
        let rows = list(headers, &self.rows)?.unwrap_or_default();
        let rows = rows.iter().map(|rule| row_rule(rule)).collect::<Result<_, _>>()?;
        Ok(Caller {
            user: user.into(),
            known_by: KnownBy::Forward,
            credential: credential.into(),
            made_from: None,
            // Each yes is a new one: what was taken back before does not count against it.
            issued: Some(question.at()),
            grants,
            rows: RowRules(rows),
            expires: None,
            ask_again: None,
            ask_with: None,
            only_there,
        })
    }
}

/// That he may not, in words that say nothing about what there is.
pub(super) fn forbidden() -> Denied {
    Denied::new(
        Reason::Forbidden,
        "the service that says who may do this here says that you may not",
    )
}

fn unknown() -> Denied {
    Denied::new(
        Reason::Unknown,
        "neither this server nor the service beside it knows you; sign in at that service",
    )
}

/// The text of a header: UTF-8, or what Python makes of text that has room in Latin-1.
fn text(value: &HeaderValue) -> Result<Cow<'_, str>, String> {
    const LONGEST: usize = 8 * 1024;
    if value.len() > LONGEST {
        return Err(format!("a header has {} bytes; {LONGEST} are read", value.len()));
    }
    Ok(std::str::from_utf8(value.as_bytes()).map_or_else(
        |_| value.as_bytes().iter().map(|&byte| char::from(byte)).collect::<String>().into(),
        |text| text.trim().into(),
    ))
}

/// The parts of a list between its commas, as they stand there; nothing if there is no such header.
fn list(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Vec<String>>, String> {
    if !headers.contains_key(name) {
        return Ok(None);
    }
    let mut parts = Vec::new();
    for value in headers.get_all(name) {
        let text = text(value)?;
        let all = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.extend(all.map(str::to_owned));
    }
    Ok(Some(parts))
}

/// Text that may have any characters in it, written as in a URL.
fn decoded(text: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Cow::into_owned).map_err(|_| format!("{text:?} is not UTF-8 when it is decoded"))
}

/// Patterns of a list. A name that has a `*` of its own, encoded, is left out: as a pattern it would
/// be many.
fn patterns(list: &[String]) -> Result<Vec<Pattern>, String> {
    let stars = |text: &str| text.matches('*').count();
    let each = list.iter().map(|part| decoded(part).map(|name| (part, name)));
    let all = each.collect::<Result<Vec<_>, _>>()?;
    let meant = all.into_iter().filter(|(part, name)| stars(part) == stars(name));
    Ok(meant.map(|(_, name)| Pattern::from(name)).collect())
}

fn row_rule(rule: &str) -> Result<RowRule, String> {
    match rule.split_once('=') {
        Some((field, value)) if !field.trim().is_empty() => Ok(RowRule {
            field: decoded(field.trim())?.into(),
            value: decoded(value.trim())?.into(),
        }),
        _ => Err(format!("{rule:?} is no rule; write it like owner=ann")),
    }
}
