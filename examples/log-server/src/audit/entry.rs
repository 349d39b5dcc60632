//! One line of the audit.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::Filter;

/// What was done. What is not known, or has no meaning for the event, is not in its line.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// When.
    #[serde(serialize_with = "in_milliseconds")]
    pub time: Timestamp,
    /// What.
    pub event: Event,
    /// By whom.
    #[serde(flatten)]
    pub origin: Origin,
    /// The method and path of an administrative act, or of what was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<String>,
    /// In which workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// In which of its workflows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workflows: Vec<String>,
    /// What was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    /// After which position a stream goes on, as the beginning of its SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// How many events a stream has sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// How many bytes a stream has sent, or a request had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// How many rows were written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// The status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why it was refused or is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'static, str>>,
    /// What an act was about, such as whose sign-in was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// How many more of this caller were refused, and are not written one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more: Option<u64>,
    /// How many entries could not be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<u64>,
}

impl Entry {
    /// One of now, of which nothing else is known.
    pub fn new(event: Event) -> Self {
        Self {
            time: Timestamp::now(),
            event,
            origin: Origin::default(),
            act: None,
            workspace: None,
            workflows: Vec::new(),
            filter: None,
            position: None,
            duration_ms: None,
            events: None,
            bytes: None,
            rows: None,
            status: None,
            reason: None,
            subject: None,
            more: None,
            lost: None,
        }
    }

    /// Whether nothing was done: anyone can cause any number of such entries.
    pub(super) fn did_nothing(&self) -> bool {
        let of_the_server = matches!(self.event, Event::Started | Event::Ended | Event::Lost);
        let wrong = self.status.is_some_and(|status| (400..500).contains(&status));
        !of_the_server && (wrong || self.origin.user.is_none())
    }

    /// As a line.
    pub(super) fn line(&self) -> Vec<u8> {
        // Texts and numbers are always JSON.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

/// By whom something was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// How that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_by: Option<&'static str>,
    /// What names the token or session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// From which address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The server has begun.
    Started,
    /// The server ends.
    Ended,
    /// A stream was opened.
    StreamOpened,
    /// A stream was not opened.
    StreamRefused,
    /// A stream is over.
    StreamClosed,
    /// Rows were written, or were not taken.
    Append,
    /// Rows were exported.
    Export,
    /// Somebody has signed in, or could not.
    SignIn,
    /// Somebody has signed out.
    SignOut,
    /// A ticket was given out.
    Ticket,
    /// The server was told something, such as to take a sign-in back.
    Administration,
    /// Something else was refused.
    Refused,
    /// Entries could not be written.
    Lost,
}

fn in_milliseconds<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{time:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_one_line_whatever_is_in_it() {
        let time = "2026-11-28T01:02:03.4Z".parse().unwrap();
        let workspace = Some("a\n\"b\u{0}\u{2028}".to_owned());
        let entry = Entry { time, workspace, ..Entry::new(Event::StreamOpened) };
        let line = String::from_utf8(entry.line()).unwrap();
        let start = r#"{"time":"2026-11-28T01:02:03.400Z","event":"stream-opened","workspace":"a"#;
        assert!(line.starts_with(start), "{line}");
        assert_eq!(line.find('\n'), Some(line.len() - 1));
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["workspace"], "a\n\"b\u{0}\u{2028}");
    }
}
