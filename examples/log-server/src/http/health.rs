//! Whether the server is well.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use gapless_sse_core::follow::{Fault, Scope, SortOrder, SourceError};
use gapless_sse_core::{LogState, PageError, TailFailure};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::App;
use super::asked::Asked;
use super::problem::Problem;
use crate::access::{Place, Right};
use crate::search::Search;
use crate::store::{Store, chain};

/// How long the store may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// That the process answers.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok`.
    status: &'static str,
    /// What the logs are read from; for those who run the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<String>,
    /// How many streams are open; for those who run the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    streams: Option<usize>,
}

/// That requests may be sent here.
#[derive(Serialize, ToSchema)]
pub(super) struct Ready {
    /// `ready`.
    status: &'static str,
}

/// The process answers: restarting it would not help. More is for those who run it.
#[utoipa::path(get, path = "", responses(
    (status = 200, description = "The process answers", body = Health),
))]
pub(super) async fn healthz<S: Store>(State(app): State<App<S>>, asked: Asked) -> Json<Health> {
    let runs_it = runs_it(&app, &asked).await;
    let (store, streams) = (app.store, app.log.stats().open);
    Json(Health {
        status: "ok",
        store: runs_it.then_some(store),
        streams: runs_it.then_some(streams),
    })
}

/// Whether it is one of those who run the server that asks. Who says nothing of himself is no such
/// one: a probe does not wait for whoever decides.
async fn runs_it<S: Store>(app: &App<S>, asked: &Asked) -> bool {
    if app.access.needs_sign_in() && asked.credentials().is_empty() {
        return false;
    }
    let server = Place::default();
    app.access.check(asked.credentials(), Right::Operate, &server).await.is_ok()
}

/// What is not right with one part of the server.
struct Trouble {
    words: String,
    /// Whether it ends without anybody's doing.
    passing: bool,
}

impl Trouble {
    fn passing(words: &str) -> Self {
        Self { words: words.to_owned(), passing: true }
    }

    fn of(error: &impl SourceError) -> Self {
        Self { words: chain(error), passing: is_passing(error.fault()) }
    }

    fn silence() -> Self {
        Self::passing("there was no answer within 5 s")
    }
}

fn is_passing(fault: Fault) -> bool {
    !matches!(fault, Fault::NeedsAction | Fault::Refused)
}

/// Pages can be read, streams are told what is new, and rows can be written: requests may be sent
/// here. What is wrong is for those who run the server.
#[utoipa::path(get, path = "", responses(
    (status = 200, description = "Requests may be sent here", body = Ready),
))]
pub(super) async fn readyz<S: Store>(
    State(app): State<App<S>>,
    asked: Asked,
) -> Result<Json<Ready>, Problem> {
    let (pages, writes) = tokio::join!(pages(&app), writes(&app));
    let parts = [("pages", pages), ("streams", streams(&app)), ("writes", writes)];
    let troubles = parts.iter().filter_map(|(part, state)| Some((part, state.as_ref().err()?)));
    let troubles: Vec<_> = troubles.collect();
    if troubles.is_empty() {
        return Ok(Json(Ready { status: "ready" }));
    }
    let passing = troubles.iter().all(|(_, trouble)| trouble.passing);
    if !runs_it(&app, &asked).await {
        let words = "who has the right `operate` is told why";
        return Err(Problem::not_ready(words.to_owned(), passing));
    }
    let words = troubles.iter().map(|(part, trouble)| format!("{part}: {}", trouble.words));
    Err(Problem::not_ready(words.collect::<Vec<_>>().join("; "), passing))
}

/// Reads a page as any other, of a workflow that no row is of.
async fn pages<S: Store>(app: &App<S>) -> Result<(), Trouble> {
    if !app.log.source().has_pages() {
        return Ok(());
    }
    let nobody = Scope::new("", [""]).filtered(Search::default());
    match timeout(PATIENCE, app.log.page(&nobody, None, SortOrder::Descending, 1)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(PageError::Source(error))) => Err(Trouble::of(&error)),
        Ok(Err(other)) => Err(Trouble::passing(&other.to_string())),
        Err(_) => Err(Trouble::silence()),
    }
}

async fn writes<S: Store>(app: &App<S>) -> Result<(), Trouble> {
    match timeout(PATIENCE, app.log.source().writable()).await {
        Ok(answer) => answer.map_err(|error| Trouble::of(&error)),
        Err(_) => Err(Trouble::silence()),
    }
}

fn streams<S: Store>(app: &App<S>) -> Result<(), Trouble> {
    match app.log.state() {
        LogState::Following => Ok(()),
        LogState::Failing(TailFailure { fault, error, .. }) => {
            Err(Trouble { words: error.to_string(), passing: is_passing(fault) })
        }
        LogState::NotStarted | LogState::Connecting => {
            Err(Trouble::passing("the log is being opened"))
        }
        _ => Err(Trouble::passing("the log is not followed any more; the server ends")),
    }
}
