//! What browsers are told, and what their headers are asked: who may embed, read and change what.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use serde::Deserialize;
use tower_http::cors::CorsLayer;

use super::client::Client;
use super::origin::Origin;
use super::problem::Problem;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Headers that every answer has.
const ALWAYS: [(HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Headers of documents.
const OF_PAGES: [(HeaderName, &str); 2] = [
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// A year.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// For how long a browser remembers what it may ask.
const PREFLIGHT: Duration = Duration::from_secs(2 * 60 * 60);

/// `[cors]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Cors {
    /// Whose pages may ask, as who is signed in.
    pub origins: Vec<Origin>,
}

/// `[embedding]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Embedding {
    /// Whose pages may have the page of this server within them.
    pub origins: Vec<Origin>,
}

/// What browsers are told. A clone shares it.
#[derive(Clone, Debug)]
pub struct Browsers(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    allowed: Vec<HeaderValue>,
    page_policy: HeaderValue,
    data_policy: HeaderValue,
}

impl Browsers {
    /// As the configuration has it.
    pub fn new(cors: &Cors, embedding: &Embedding) -> Self {
        let embedders: Vec<_> = embedding.origins.iter().map(Origin::value).collect();
        let embedders = match embedders.as_slice() {
            [] => "'none'".to_owned(),
            some => some.iter().filter_map(|at| at.to_str().ok()).collect::<Vec<_>>().join(" "),
        };
        let policy = |of: &str| {
            let policy = format!("{of}; base-uri 'none'; frame-ancestors {embedders}");
            HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
        };
        let page = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                    connect-src 'self'; form-action 'none'";
        Self(Arc::new(Inner {
            allowed: cors.origins.iter().map(|origin| origin.value().clone()).collect(),
            page_policy: policy(page),
            data_policy: policy("default-src 'none'; form-action 'none'"),
        }))
    }

    /// Refuses what another site's page asks of a router to change.
    pub(super) fn guard<S: Clone + Send + Sync + 'static>(&self, router: Router<S>) -> Router<S> {
        router.layer(from_fn_with_state(self.clone(), refuse_cross_site))
    }

    /// Tells browsers with each answer of a router what they may do with it, and which pages may
    /// read it.
    pub(super) fn tell<S: Clone + Send + Sync + 'static>(self, router: Router<S>) -> Router<S> {
        let router = match self.cors() {
            Some(cors) => router.layer(cors),
            None => router,
        };
        router.layer(from_fn_with_state(self, tell))
    }

    fn cors(&self) -> Option<CorsLayer> {
        const ASKED: [HeaderName; 7] = [
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::CONTENT_ENCODING,
            header::CACHE_CONTROL,
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("x-request-id"),
        ];
        const SHOWN: [HeaderName; 4] = [
            header::RETRY_AFTER,
            HeaderName::from_static("ratelimit"),
            HeaderName::from_static("ratelimit-policy"),
            HeaderName::from_static("x-request-id"),
        ];
        let allowed = &self.0.allowed;
        (!allowed.is_empty()).then(|| {
            CorsLayer::new()
                .allow_origin(allowed.clone())
                .allow_credentials(true)
                .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::DELETE])
                .allow_headers(ASKED)
                .expose_headers(SHOWN)
                .max_age(PREFLIGHT)
        })
    }

    /// Whether a page of another site asks for a change, and is none of those that may.
    fn is_cross_site(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> bool {
        let origin = headers.get(header::ORIGIN);
        if method.is_safe() || origin.is_some_and(|origin| self.0.allowed.contains(origin)) {
            return false;
        }
        match headers.get(SEC_FETCH_SITE) {
            Some(site) => site != "same-origin" && site != "none",
            // Browsers of before 2023 send only the origin; programs send neither.
            None => origin.is_some_and(|origin| !is_of(origin, uri, headers)),
        }
    }
}

impl Default for Browsers {
    fn default() -> Self {
        Self::new(&Cors::default(), &Embedding::default())
    }
}

/// Whether an origin is the host that is asked.
fn is_of(origin: &HeaderValue, uri: &Uri, headers: &HeaderMap) -> bool {
    let host = || headers.get(header::HOST)?.to_str().ok();
    let asked = uri.authority().map(http::uri::Authority::as_str).or_else(host);
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    matches!((origin, asked), (Some((_, origin)), Some(asked)) if origin.eq_ignore_ascii_case(asked))
}

/// Refuses changes that another site's page asks for.
async fn refuse_cross_site(
    State(browsers): State<Browsers>,
    request: Request,
    next: Next,
) -> Response {
    if browsers.is_cross_site(request.method(), request.uri(), request.headers()) {
        return Problem::cross_site().into_response();
    }
    next.run(request).await
}

/// Tells browsers with each answer what they may do with it.
async fn tell(
    State(browsers): State<Browsers>,
    Extension(client): Extension<Client>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut add = |name, value| {
        headers.entry(name).or_insert(value);
    };
    for (name, value) in ALWAYS {
        add(name, HeaderValue::from_static(value));
    }
    if client.is_https() {
        add(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    let html = |kind: &HeaderValue| kind.as_bytes().starts_with(b"text/html");
    if headers.get(header::CONTENT_TYPE).is_some_and(html) {
        for (name, value) in OF_PAGES {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
        headers.insert(header::CONTENT_SECURITY_POLICY, browsers.0.page_policy.clone());
    } else {
        headers.insert(header::CONTENT_SECURITY_POLICY, browsers.0.data_policy.clone());
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
