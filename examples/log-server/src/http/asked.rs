//! What is known of a request, for all who have to do with it.

use std::sync::{Arc, OnceLock};

use axum::Extension;
use axum::extract::{FromRequestParts, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::Uri;
use http::request::Parts;

use super::client::Client;
use super::problem::Problem;
use super::request_id::RequestId;
use crate::access::{Caller, Credentials};
use crate::audit::{Origin, short};

/// What is known of a request. The outermost layer makes it, others add to it as they find out.
#[derive(Clone, Debug)]
pub(super) struct Asked(Arc<Known>);

#[derive(Debug)]
struct Known {
    client: Client,
    credentials: Credentials,
    caller: OnceLock<Arc<Caller>>,
    request_id: Option<RequestId>,
}

impl Asked {
    /// Where it comes from.
    pub(super) fn client(&self) -> Client {
        self.0.client
    }

    /// What it says about who sends it.
    pub(super) fn credentials(&self) -> &Credentials {
        &self.0.credentials
    }

    /// Who asks, once that is known.
    pub(super) fn caller(&self) -> Option<&Arc<Caller>> {
        self.0.caller.get()
    }

    /// Who was let pass.
    pub(super) fn let_pass(&self) -> Result<&Arc<Caller>, Problem> {
        self.caller().ok_or_else(|| without("a path without its gate"))
    }

    /// Notes who asks.
    pub(super) fn is_from(&self, caller: Arc<Caller>) {
        let _ = self.0.caller.set(caller);
    }

    /// Who asks, as far as that is known, as the audit says it.
    pub(super) fn origin(&self) -> Origin {
        let caller = self.caller();
        Origin {
            request_id: self.0.request_id.as_ref().map(ToString::to_string),
            user: caller.map(|caller| short(&caller.user)),
            known_by: caller.map(|caller| caller.known_by.as_str()),
            credential: caller.map(|caller| short(&caller.credential)),
            address: Some(self.client().address().to_string()),
        }
    }
}

/// The outermost layer. A ticket ends here: what comes after it sees the query without.
pub(super) async fn note(
    Extension(client): Extension<Client>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let ticket = take_ticket(request.uri_mut())?;
    let credentials = Credentials::of(request.headers(), ticket.as_deref());
    let request_id = RequestId::current();
    let known = Known { client, credentials, caller: OnceLock::new(), request_id };
    request.extensions_mut().insert(Asked(Arc::new(known)));
    Ok(next.run(request).await)
}

/// Takes the parameter `ticket` out of a query.
fn take_ticket(uri: &mut Uri) -> Result<Option<Box<str>>, Problem> {
    let Some(query) = uri.query() else { return Ok(None) };
    let of = |part: &str| part.strip_prefix("ticket=").map(Box::from);
    let mut tickets = query.split('&').filter_map(of);
    let Some(ticket) = tickets.next() else { return Ok(None) };
    if tickets.next().is_some() {
        return Err(Problem::bad_request("`ticket` is given twice"));
    }
    let rest: Vec<_> = query.split('&').filter(|part| !part.starts_with("ticket=")).collect();
    let mark = if rest.is_empty() { "" } else { "?" };
    let path_and_query = format!("{}{mark}{}", uri.path(), rest.join("&"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.parse().map_err(Problem::bad_request)?);
    *uri = Uri::from_parts(parts).map_err(Problem::bad_request)?;
    Ok(Some(ticket))
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let asked = parts.extensions.get::<Self>().cloned();
        asked.ok_or_else(|| without("a path without its layer"))
    }
}

fn without(what: &'static str) -> Problem {
    Problem::defect(&std::io::Error::other(what))
}
