//! The parameters of a request, each checked, in words for the client when it is not right.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use sse_core::follow::{History, Order};

use super::problem::Problem;

/// The most rows of one page, or of the history that a stream begins with unless it asks for all.
const MOST_ROWS: usize = 10_000;
const ROWS: usize = 1000;

/// The parameters of a request, as they came.
#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Refuses what the path does not know, so that a typing error does not pass unnoticed.
    pub(super) fn new(
        query: Result<Query<Vec<(String, String)>>, QueryRejection>,
        known: &[&str],
    ) -> Result<Self, Problem> {
        let Query(parameters) = query.map_err(Problem::bad_request)?;
        for (at, (name, _)) in parameters.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let known = known.join(", ");
                let detail = format!("there is no parameter {name:?} here; there are {known}");
                return Err(Problem::bad_request(detail));
            }
            if parameters[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(Problem::bad_request(format!("`{name}` is given twice")));
            }
        }
        Ok(Self(parameters))
    }

    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(at).1)
    }

    pub(super) fn limit(&mut self) -> Result<usize, Problem> {
        let Some(text) = self.take("limit") else { return Ok(ROWS) };
        text.parse().ok().filter(|rows| (1..=MOST_ROWS).contains(rows)).ok_or_else(|| {
            let detail = format!("`limit` is {text:?}; it is a whole number from 1 to {MOST_ROWS}");
            Problem::bad_request(detail)
        })
    }

    pub(super) fn order(&mut self) -> Result<Order, Problem> {
        match self.take("order").as_deref() {
            None | Some("desc") => Ok(Order::Descending),
            Some("asc") => Ok(Order::Ascending),
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
