//! The parameters of a request, each checked, in words for the client when it is not right.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use gapless_sse_core::EventId;
use gapless_sse_core::follow::{History, SortOrder};
use jiff::Timestamp;

use super::logs::WORKFLOW;
use super::problem::Problem;
use crate::search::{self, Terms, Without};

/// The parameters of a search: of pages, streams, counts and exports.
pub(super) const SEARCH: [&str; 11] =
    ["search", "level", "-level", "type", "-type", "q", "-q", "regex", "-regex", "from", "to"];

/// Those that may be given several times.
const SEVERAL: [&str; 10] =
    [WORKFLOW, "level", "-level", "type", "-type", "q", "-q", "regex", "-regex", LAST_EVENT_ID];

/// The most rows of one page, or of the history that a stream begins with unless it asks for all.
const MOST_ROWS: usize = 10_000;
const ROWS: usize = 1000;

/// The most rows on each side of another one.
const MOST_AROUND: usize = 1000;
const AROUND: usize = 20;

/// What a client sends that cannot set the header of this name, as polyfills of `EventSource` do.
pub(super) const LAST_EVENT_ID: &str = "lastEventId";

pub(super) fn is_last_event_id(name: &str) -> bool {
    [LAST_EVENT_ID, "last-event-id"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The parameters of a request, as they came.
#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Refuses what the path does not know, so that a typing error does not pass unnoticed. What
    /// begins with `_` is let pass: libraries send such parameters to get past caches.
    pub(super) fn new(
        query: Result<Query<Vec<(String, String)>>, QueryRejection>,
        known: &[&str],
    ) -> Result<Self, Problem> {
        let Query(mut parameters) = query.map_err(Problem::bad_request)?;
        parameters.retain(|(name, _)| !name.starts_with('_') || known.contains(&name.as_str()));
        for (name, _) in &mut parameters {
            if is_last_event_id(name) {
                LAST_EVENT_ID.clone_into(name);
            }
        }
        for (at, (name, _)) in parameters.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let known = known.join(", ");
                let detail = format!("there is no parameter {name:?} here; there are {known}");
                return Err(Problem::bad_request(detail));
            }
            if !SEVERAL.contains(&name.as_str())
                && parameters[..at].iter().any(|(earlier, _)| earlier == name)
            {
                return Err(Problem::bad_request(format!("`{name}` is given twice")));
            }
        }
        Ok(Self(parameters))
    }

    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }

    /// The id after which a stream goes on: what a client without headers sends when it reconnects,
    /// or else where its address says that it begins. Of several, the one that was added last.
    pub(super) fn after(&mut self) -> Result<Option<EventId>, Problem> {
        let last = std::iter::from_fn(|| self.take(LAST_EVENT_ID)).filter(|id| !id.is_empty());
        let id = last.last().or_else(|| self.take("after"));
        id.map(EventId::new).transpose().map_err(Problem::bad_request)
    }

    fn take_all(&mut self, name: &str) -> Vec<String> {
        std::iter::from_fn(|| self.take(name)).collect()
    }

    /// What is searched for, by single parameters and by `search` together.
    pub(super) fn terms(&mut self) -> Result<Terms, Problem> {
        let now = Timestamp::now();
        let single = Terms {
            levels: self.levels("level"),
            types: self.take_all("type"),
            texts: self.take_all("q"),
            regexes: self.take_all("regex"),
            fields: Vec::new(),
            without: Without {
                levels: self.levels("-level"),
                types: self.take_all("-type"),
                texts: self.take_all("-q"),
                regexes: self.take_all("-regex"),
            },
            from: self.time("from", now)?,
            to: self.time("to", now)?,
        };
        let typed = self.take("search").unwrap_or_default();
        let typed = Terms::read(&typed, now)
            .map_err(|misread| Problem::bad_request(format!("`search`, {misread}")))?;
        single.and(typed).map_err(|name| {
            let detail = format!("`{name}` is given twice, also in `search`; leave one out");
            Problem::bad_request(detail)
        })
    }

    /// Several may be given at once, with commas between.
    fn levels(&mut self, name: &str) -> Vec<String> {
        let levels = self.take_all(name);
        let levels = levels.iter().flat_map(|levels| levels.split(','));
        levels.filter(|level| !level.is_empty()).map(str::to_owned).collect()
    }

    fn time(&mut self, name: &str, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
        let Some(text) = self.take(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        let time = search::time(&text, now)
            .map_err(|wrong| Problem::bad_request(format!("`{name}`: {wrong} (a + as %2B)")));
        time.map(Some)
    }

    pub(super) fn limit(&mut self) -> Result<usize, Problem> {
        let Some(text) = self.take("limit") else { return Ok(ROWS) };
        text.parse().ok().filter(|rows| (1..=MOST_ROWS).contains(rows)).ok_or_else(|| {
            let detail = format!("`limit` is {text:?}; it is a whole number from 1 to {MOST_ROWS}");
            Problem::bad_request(detail)
        })
    }

    /// How many rows around another one.
    pub(super) fn around(&mut self, name: &str) -> Result<usize, Problem> {
        let Some(text) = self.take(name) else { return Ok(AROUND) };
        text.parse().ok().filter(|rows| *rows <= MOST_AROUND).ok_or_else(|| {
            let detail =
                format!("`{name}` is {text:?}; it is a whole number from 0 to {MOST_AROUND}");
            Problem::bad_request(detail)
        })
    }

    pub(super) fn order_or(&mut self, usual: SortOrder) -> Result<SortOrder, Problem> {
        match self.take("order").as_deref() {
            None => Ok(usual),
            Some("desc") => Ok(SortOrder::Descending),
            Some("asc") => Ok(SortOrder::Ascending),
            Some(text) => {
                Err(Problem::bad_request(format!("`order` is {text:?}; it is `asc` or `desc`")))
            }
        }
    }

    pub(super) fn history(&mut self) -> Result<History, Problem> {
        let Some(text) = self.take("history") else { return Ok(History::Newest(ROWS)) };
        if text == "all" {
            return Ok(History::All);
        }
        let rows = text.parse().ok().filter(|rows| *rows <= MOST_ROWS);
        rows.map(History::Newest).ok_or_else(|| {
            Problem::bad_request(format!(
                "`history` is {text:?}; it is a whole number from 0 to {MOST_ROWS}, or `all`"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(query: &str) -> Result<Terms, String> {
        let uri = format!("/?{query}").parse().expect("a query");
        let query = Query::try_from_uri(&uri);
        let mut parameters =
            Parameters::new(query, &SEARCH).map_err(|wrong| format!("{wrong:?}"))?;
        parameters.terms().map_err(|wrong| format!("{wrong:?}"))
    }

    #[test]
    fn one_line_says_what_single_parameters_say() {
        for (parameters, line) in [
            ("level=error,warn&-level=debug", "level%3Derror,warn%20-level%3Ddebug"),
            ("type=a&type=b&-type=c&-type=d", "type%3Da,b%20-type%3Dc,d"),
            ("q=no+space&q=left&-q=a&-q=b", "%22no+space%22+left+-a+-b"),
            ("regex=%5Cd%2B/s&-regex=x", "/%5Cd%2B%5C/s/+-/x/"),
            ("from=2025-09-22T08:54:01Z", "from%3D2025-09-22T08:54:01Z"),
        ] {
            let (single, typed) = (terms(parameters), terms(&format!("search={line}")));
            assert_eq!(single, typed, "{parameters}");
            assert_ne!(single, Ok(Terms::default()));
        }
        let both = terms("q=a&search=b+level%3Dinfo&-level=debug").expect("a search");
        assert_eq!((both.texts, both.levels), (vec!["a".into(), "b".into()], vec!["info".into()]));
    }

    #[test]
    fn what_is_said_twice_of_one_kind_is_refused() {
        for (query, words) in [
            ("level=info&search=level%3Derror", "`level`"),
            ("type=a&search=type%3Db", "`type`"),
            ("from=-2h&search=from%3D-3h", "`from`"),
            ("search=a&search=b", "`search`"),
            ("to=-2h&to=-3h", "`to`"),
        ] {
            let refused = terms(query).expect_err(query);
            assert!(refused.contains(words) && refused.contains("twice"), "{refused}");
        }
    }
}
