//! `GET …/logs`: a page of history, and the position from which a stream goes on.

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use gapless_sse_core::follow::SortOrder;
use gapless_sse_core::{EventId, LogPage};
use http::{HeaderValue, header};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::App;
use super::asked::Asked;
use super::logs::Logs;
use super::openapi::{parameters, shapes};
use super::page_body::PageBody;
use super::page_turns::PageTurn;
use super::problem::Problem;
use super::query::{Parameters, SEARCH};
use crate::access::RowRules;
use crate::logs::Sources;
use crate::store::Store;

/// A page of rows.
#[derive(ToSchema)]
#[allow(dead_code, reason = "it is described; its rows are written as they come")]
pub(super) struct Page<'a> {
    logs: Vec<shapes::Row>,
    #[serde(flatten)]
    about: About<'a>,
}

/// What a page says besides its rows.
#[derive(Serialize, ToSchema)]
#[schema(as = AboutPage)]
struct About<'a> {
    /// The `cursor` of the next page, if there is more.
    #[schema(required)]
    next: Option<&'a str>,
    /// Where a stream goes on (`after`) that brings what was written since the first page.
    stream_position: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<Incomplete>,
    #[serde(skip_serializing_if = "Option::is_none")]
    renewed: Option<Renewed>,
}

/// That a page is of a later snapshot than the ones before it.
#[derive(Serialize, ToSchema)]
struct Renewed {
    detail: &'static str,
}

const RENEWED: Renewed = Renewed {
    detail: "the database no longer has the snapshot that the pages before this one were read of: \
             of the rows here, those that were written since the first page are also on a stream \
             after `stream_position`; for each row exactly once, begin again without `cursor`",
};

/// How far a search has come that was not done when it had looked at enough for one page. Who has
/// rules is not told how many rows there are, nor when one was written: they may be of others.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum Incomplete {
    OfAll {
        scanned: usize,
        /// The date of the last row that was looked at.
        #[schema(required)]
        reached: Option<String>,
        detail: String,
    },
    OfOwn {
        detail: &'static str,
    },
}

const MORE_OF_ONES_OWN: Incomplete = Incomplete::OfOwn {
    detail: "there is more to look at than one page does: go on with `next`, or look for less time \
             (`from`, `to`)",
};

impl Incomplete {
    fn of<S: Store>(
        logs: &Sources<S>,
        page: &LogPage<S>,
        order: SortOrder,
        rules: &RowRules,
    ) -> Self {
        if !rules.is_empty() {
            return MORE_OF_ONES_OWN;
        }
        let reached =
            page.more_after.as_ref().and_then(|key| logs.date(key)).map(|date| date.to_string());
        let (scanned, found) = (page.scanned, page.records.len());
        let direction = if order == SortOrder::Ascending { "up to" } else { "back to" };
        let to = reached.as_ref().map_or(String::new(), |date| format!(", {direction} {date}"));
        let detail = format!(
            "found {found} among {scanned} rows{to}, and there are more to look at: go on with \
             `next`, or look for less time (`from`, `to`)"
        );
        Self::OfAll { scanned, reached, detail }
    }
}

/// A page of history, and the position from which a stream goes on.
#[utoipa::path(get, path = "", params(parameters::Page, parameters::Terms), responses(
    (status = 200, description = "The rows of the page", body = Page<'_>),
))]
pub(super) async fn page<S: Store>(
    State(app): State<App<S>>,
    asked: Asked,
    logs: Logs,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Response, Problem> {
    let known = [&["limit", "cursor", "order"], logs.parameters(), &SEARCH[..]].concat();
    let mut parameters = Parameters::new(query, &known)?;
    let (limit, order) = (parameters.limit()?, parameters.order_or(SortOrder::Descending)?);
    let (cursor, terms) = (parameters.take("cursor"), parameters.terms()?);
    let rules = &asked.let_pass()?.rows;
    let search = app.searches.open(asked.client().network(), rules, terms).await?;
    let searched = !search.is_everything();
    let scope = logs.scope().filtered(search);
    let topic = logs.topic();
    let turns = &app.page_turns;
    let turn = if searched {
        PageTurn::default()
    } else {
        turns.page(&app.large_pages, &topic, limit).await?
    };
    let page = app.log.page(&scope, cursor.as_deref(), order, limit).await?;
    let reserved = turn.end();
    let cut = searched && page.next.is_some() && page.records.len() < limit;
    for row in &page.records {
        serde_json::from_str::<&RawValue>(row.json()).map_err(|error| Problem::not_json(&error))?;
    }
    let about = About {
        next: page.next.as_ref().map(EventId::as_str),
        stream_position: page.stream_position.as_str(),
        incomplete: cut.then(|| Incomplete::of(app.log.source(), &page, order, rules)),
        renewed: page.renewed.then_some(RENEWED),
    };
    let about = serde_json::to_string(&about).map_err(|error| Problem::not_json(&error))?;
    let bytes = page.records.iter().map(|row| row.json().len()).sum();
    if !searched {
        turns.learn(&topic, page.records.len(), bytes);
    }
    let unsent = app.large_pages.hold(bytes, page.held, reserved)?;
    let mut response = Response::new(Body::new(PageBody::new(page.records, &about, unsent)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
