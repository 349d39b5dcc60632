//! Keeps other sites' pages from a server that only this machine is meant to reach.

use std::net::IpAddr;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Uri, header};

use super::problem::Problem;

/// Answers only requests that name this machine, or nothing: a page of a site whose name was made
/// to point here (DNS rebinding) cannot but send that name.
pub(super) async fn local_only(request: Request, next: Next) -> Response {
    match host(request.uri(), request.headers()) {
        Some(host) if !is_local(host) => Problem::misdirected(host).into_response(),
        _ => next.run(request).await,
    }
}

/// Over HTTP/2 the host is in the address.
fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    uri.host().or_else(|| {
        let value = headers.get(header::HOST)?.to_str().ok()?;
        let port = value.rfind(':').filter(|at| !value[*at..].contains(']'));
        Some(&value[..port.unwrap_or(value.len())])
    })
}

fn is_local(host: &str) -> bool {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    name == "localhost"
        || name.ends_with(".localhost")
        || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(value: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, http::HeaderValue::from_static(value));
        host(&Uri::from_static("/"), &headers).is_some_and(is_local)
    }

    #[test]
    fn this_machine_has_several_names() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080"] {
            assert!(local(host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example:8080", "192.168.0.7", "", "[::2]"] {
            assert!(!local(host), "{host}");
        }
    }
}
