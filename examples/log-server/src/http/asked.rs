//! What is known of a request, for all who have to do with it.

use std::sync::{Arc, OnceLock};

use axum::extract::{FromRequestParts, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::request::Parts;

use super::client::Client;
use super::problem::Problem;
use crate::access::Caller;

/// What is known of a request. The outermost layer makes it, others add to it as they find out.
#[derive(Clone, Debug)]
pub(super) struct Asked(Arc<Known>);

#[derive(Debug)]
struct Known {
    client: Client,
    caller: OnceLock<Arc<Caller>>,
}

impl Asked {
    /// Where it comes from.
    pub(super) fn client(&self) -> Client {
        self.0.client
    }

    /// Who asks, once that is known.
    pub(super) fn caller(&self) -> Option<&Arc<Caller>> {
        self.0.caller.get()
    }

    /// Notes who asks.
    pub(super) fn is_from(&self, caller: Arc<Caller>) {
        let _ = self.0.caller.set(caller);
    }
}

/// The outermost layer.
pub(super) async fn note(client: Client, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(Asked(Arc::new(Known { client, caller: OnceLock::new() })));
    next.run(request).await
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let asked = parts.extensions.get::<Self>().cloned();
        asked.ok_or_else(|| Problem::defect(&std::io::Error::other("a path without its layer")))
    }
}
