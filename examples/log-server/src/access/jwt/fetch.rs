//! Where a set of keys is, and how it is got.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL};
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::io::AsyncReadExt;

use super::key::JwtError;

/// The largest set that is read, in bytes.
const LARGEST: usize = 1 << 20;

/// The largest head of an answer, in bytes.
const LARGEST_HEAD: usize = 32 << 10;

/// Where a set of keys is.
#[derive(Debug)]
pub(super) enum Place {
    File(PathBuf),
    Url(Box<Url>),
}

#[derive(Debug)]
pub(super) struct Url {
    uri: Uri,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            // What stands behind it may be a key of its own.
            Self::Url(url) => write!(f, "{}", url.uri.host().unwrap_or_default()),
        }
    }
}

/// A set as it was got, and for how long it holds if that was said.
#[derive(Debug)]
pub(super) struct Got {
    pub(super) json: Bytes,
    pub(super) holds: Option<Duration>,
}

impl Place {
    pub(super) fn url(address: &str) -> Result<Self, JwtError> {
        let wrong = |why: String| JwtError::Address(format!("{address:?} {why}"));
        let uri: Uri = address.parse().map_err(|error| wrong(format!("is no address: {error}")))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() {
            return Err(wrong("is neither http nor https".to_owned()));
        }
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(JwtError::Address("it has a name before the host".to_owned()));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(provider)
            .map_err(JwtError::Roots)?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .http1_max_buf_size(LARGEST_HEAD)
            .build(connector);
        Ok(Self::Url(Box::new(Url { uri, client })))
    }

    /// Gets it, within a time.
    pub(super) async fn get(&self, time: Duration) -> Result<Got, String> {
        let got = async {
            match self {
                Self::File(path) => read(path).await,
                Self::Url(url) => url.get().await,
            }
        };
        let in_time = tokio::time::timeout(time, got).await;
        in_time.unwrap_or_else(|_| Err(format!("nothing came within {time:?}")))
    }
}

impl Url {
    async fn get(&self) -> Result<Got, String> {
        let request = Request::get(&self.uri)
            .header(ACCEPT, "application/jwk-set+json, application/json")
            .body(Empty::new())
            .map_err(|error| error.to_string())?;
        let response = self.client.request(request).await.map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
        })?;
        // What else it may be, such as a way to another place, is not followed.
        if response.status() != StatusCode::OK {
            return Err(format!("the answer is {}", response.status()));
        }
        let holds = max_age(response.headers());
        let body = Limited::new(response.into_body(), LARGEST).collect().await;
        let json = body.map_err(|error| error.to_string())?.to_bytes();
        Ok(Got { json, holds })
    }
}

async fn read(path: &Path) -> Result<Got, String> {
    let words = |error: std::io::Error| error.to_string();
    let file = tokio::fs::File::open(path).await.map_err(words)?;
    let mut json = Vec::new();
    file.take(LARGEST as u64 + 1).read_to_end(&mut json).await.map_err(words)?;
    if json.len() > LARGEST {
        return Err(format!("it has more than {LARGEST} bytes"));
    }
    Ok(Got { json: json.into(), holds: None })
}

/// For how long an answer holds (RFC 9111, section 5.2.2).
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(CACHE_CONTROL).into_iter();
    let texts = values.filter_map(|value| value.to_str().ok()).collect::<Vec<_>>();
    let mut directives = texts.iter().flat_map(|text| text.split(',')).map(str::trim);
    if directives.clone().any(|said| ["no-store", "no-cache"].contains(&said)) {
        return Some(Duration::ZERO);
    }
    directives.find_map(|said| {
        let (name, seconds) = said.split_once('=')?;
        let seconds = seconds.trim_matches('"').parse().ok()?;
        name.eq_ignore_ascii_case("max-age").then(|| Duration::from_secs(seconds))
    })
}
