//! `GET …/logs/export`: all rows that a search finds, as a file.

use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use axum::Extension;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use gapless_sse_core::follow::{Scope, SortOrder, Topic};
use gapless_sse_core::{EventId, LogPage, PageError};
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};

use super::App;
use super::asked::Asked;
use super::audited::{Exported, Template};
use super::export_body::{Left, Pieces, export_body};
use super::logs::Logs;
use super::openapi::parameters;
use super::problem::Problem;
use super::query::{Parameters, SEARCH};
use crate::access::{Denied, KnownBy, Lease, Right};
use crate::export::Format;
use crate::limits::Streamer;
use crate::search::Search;
use crate::store::Store;

/// So many rows are read at a time.
const ROWS: usize = 5000;

/// The client is told where the export stands after so many rows.
const TOLD_ROWS: u64 = 10_000;

/// It is told so, too, when it has had nothing for so long.
const SILENCE: Duration = Duration::from_secs(5);

/// What is exported, and how far it is.
struct Export<S: Store> {
    app: App<S>,
    scope: Scope<Search>,
    order: SortOrder,
    format: Format,
    pieces: Pieces,
    rows: u64,
    /// Rows that are no JSON.
    left_out: u64,
    /// Whether what is read is of a later moment than the cursor with which the export goes on.
    renewed: bool,
    told_rows: u64,
    told: Instant,
}

/// Why an export ends.
enum End {
    Whole(Value),
    Early { next: Option<EventId>, problem: Problem },
    Left,
}

/// All rows that a search finds, as a file. Its last line says how many rows there are, and whether
/// they are all.
#[utoipa::path(get, path = "", params(parameters::Export, parameters::Terms), responses((
    status = 200, description = "The file",
    content((String = "application/x-ndjson"), (String = "text/csv"), (String = "text/plain")),
)))]
pub(super) async fn export<S: Store>(
    State(app): State<App<S>>,
    asked: Asked,
    template: Option<Extension<Template>>,
    logs: Logs,
    headers: HeaderMap,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Response, Problem> {
    let known =
        [&["format", "columns", "cursor", "order"], logs.parameters(), &SEARCH[..]].concat();
    let mut parameters = Parameters::new(query, &known)?;
    let name = parameters.take("format").unwrap_or_else(|| "ndjson".to_owned());
    let columns = parameters.take("columns");
    let format = Format::of(&name, columns.as_deref()).map_err(Problem::bad_request)?;
    let order = parameters.order_or(SortOrder::Ascending)?;
    let (cursor, terms) = (parameters.take("cursor"), parameters.terms()?);
    let caller = asked.let_pass()?;
    let permit = app.limits.open_export(&Streamer {
        address: asked.client().network(),
        user: (caller.known_by != KnownBy::Nothing).then_some(&caller.user),
        workspace: logs.workspace(),
    })?;
    let search = app.searches.open(asked.client().network(), &caller.rows, terms).await?;
    let scope = logs.scope().filtered(search);
    // Whatever is wrong at first is answered as such, and not at the end of a file.
    let first = app.log.page(&scope, cursor.as_deref(), order, ROWS).await?;
    let gzip = takes_gzip(&headers);
    let (pieces, body) = export_body(gzip);
    let response = response(&format, &file_name(&logs, &format), gzip, Body::new(body));
    let lease = app.leases.of(caller, asked.credentials(), Right::Read, &logs.place()?);
    let cursor = cursor.map(EventId::new).transpose().map_err(Problem::bad_request)?;
    let exported = Exported::new(&app.audit, &asked, template);
    let export = Export {
        app,
        scope,
        order,
        format,
        pieces,
        rows: 0,
        left_out: 0,
        // Who goes on with a cursor whose moment is gone was told so, or is now.
        renewed: first.renewed,
        told_rows: 0,
        told: Instant::now(),
    };
    tokio::spawn(async move {
        export.run(first, cursor, lease, exported).await;
        drop(permit);
    });
    Ok(response)
}

impl<S: Store> Export<S> {
    async fn run(
        mut self,
        first: LogPage<S>,
        mut reached: Option<EventId>,
        lease: Option<Lease>,
        exported: Exported,
    ) {
        let denied = pin!(async {
            match lease {
                Some(lease) => lease.await,
                None => std::future::pending().await,
            }
        });
        let end = self.write(first, &mut reached, denied).await;
        let reason = match end {
            End::Whole(position) => {
                let about = self.about(true, None, &json!({ "stream_position": position }));
                self.end(about, "complete").await
            }
            End::Early { next, problem } => {
                let next = next.or(reached);
                let about = self.about(false, next.as_ref(), &json!({ "problem": problem.json() }));
                self.end(about, "ended early").await
            }
            End::Left => "client left",
        };
        exported.ended(self.rows, self.pieces.bytes, reason);
    }

    async fn end(&mut self, about: Value, reason: &'static str) -> &'static str {
        let mut piece = Vec::new();
        self.format.note(&about, &mut piece);
        match self.pieces.end(piece).await {
            Ok(()) => reason,
            Err(Left) => "client left",
        }
    }

    /// Writes page after page; `reached` is the cursor behind what the client has. Who may not read
    /// on gets what was read: a piece that was begun is sent to its end, since it is counted and may
    /// be compressed already.
    async fn write(
        &mut self,
        mut page: LogPage<S>,
        reached: &mut Option<EventId>,
        mut denied: Pin<&mut impl Future<Output = Denied>>,
    ) -> End {
        let mut piece = Vec::new();
        if reached.is_none() {
            self.format.head(&mut piece);
        }
        loop {
            if let Some(name) = page.missing.first() {
                return End::Early { next: None, problem: Problem::missing(name) };
            }
            let workflows = page.topics.iter().map(Topic::name);
            let found = self.format.rows(workflows.zip(&page.records), &mut piece) as u64;
            self.rows += found;
            self.left_out += page.records.len() as u64 - found;
            if let Some(next) = &page.next {
                self.tell(next, &mut piece);
            }
            if !piece.is_empty() {
                self.told = Instant::now();
            }
            let position = page.stream_position.as_str().into();
            drop(page.records);
            let sent = self.pieces.send(std::mem::take(&mut piece), Some(page.held)).await;
            let Some(next) = page.next else { return End::Whole(position) };
            if sent.is_err() {
                self.rows -= found;
                return End::Left;
            }
            *reached = Some(next.clone());
            if self.app.log.is_draining() {
                return End::Early { next: Some(next), problem: Problem::ends() };
            }
            page = match self.read(&next, denied.as_mut()).await {
                Ok(Some(page)) if page.renewed && !self.renewed => {
                    return End::Early { next: Some(next), problem: Problem::snapshot_gone() };
                }
                Ok(Some(page)) => page,
                Ok(None) => return End::Left,
                Err(problem) => return End::Early { next: Some(next), problem },
            };
        }
    }

    /// The page behind this, unless the client leaves before it is read, or may not read on. Others
    /// that read go first: an export can wait.
    async fn read(
        &mut self,
        next: &EventId,
        mut denied: Pin<&mut impl Future<Output = Denied>>,
    ) -> Result<Option<LogPage<S>>, Problem> {
        loop {
            let (order, log) = (self.order, &self.app.log);
            let page = tokio::select! {
                biased;
                denied = denied.as_mut() => return Err(denied.into()),
                page = log.page(&self.scope, Some(next.as_str()), order, ROWS) => page,
                () = self.pieces.left() => return Ok(None),
            };
            match page {
                Err(PageError::Busy) => {
                    let mut piece = Vec::new();
                    self.tell(next, &mut piece);
                    if self.pieces.send(piece, None).await.is_err() {
                        return Ok(None);
                    }
                }
                page => return Ok(Some(page?)),
            }
        }
    }

    /// Says now and then where the export stands.
    fn tell(&mut self, next: &EventId, piece: &mut Vec<u8>) {
        if self.rows - self.told_rows >= TOLD_ROWS || self.told.elapsed() >= SILENCE {
            let about = self.about(false, Some(next), &Value::Null);
            self.format.note(&about, piece);
            (self.told_rows, self.told) = (self.rows, Instant::now());
        }
    }

    fn about(&self, complete: bool, next: Option<&EventId>, more: &Value) -> Value {
        let next = next.map(EventId::as_str);
        let mut about = json!({ "rows": self.rows, "complete": complete, "next": next });
        if self.renewed {
            about["renewed"] = true.into();
        }
        if self.left_out > 0 {
            about["left_out"] = self.left_out.into();
        }
        for (name, value) in more.as_object().into_iter().flatten() {
            about[name] = value.clone();
        }
        about
    }
}

fn response(format: &Format, name: &str, gzip: bool, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if let Ok(name) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

/// Named after what it is of, in letters that every system takes.
fn file_name(logs: &Logs, format: &Format) -> String {
    let topic = logs.topic();
    let plain = |name: &str| -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        name.chars().take(60).map(plain).collect()
    };
    let workflow = Some(plain(topic.name())).filter(|name| !name.is_empty());
    let workflow = workflow.map(|name| format!("-{name}")).unwrap_or_default();
    format!("{}{workflow}.{}", plain(logs.workspace()), format.extension())
}

/// Whether the client takes gzip (RFC 9110, section 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let sent =
        headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|sent| sent.to_str().ok());
    sent.flat_map(|codings| codings.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
        named && weight.is_none_or(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_those_who_take_it() {
        for (accepts, takes) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.0", false),
            ("br", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accepts));
            assert_eq!(takes_gzip(&headers), takes, "{accepts}");
        }
    }
}
