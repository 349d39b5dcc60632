//! The page, as it was built into the program.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::problem::Problem;

#[derive(RustEmbed)]
#[folder = "../log-viewer/dist"]
#[allow_missing = true]
struct Built;

/// What is served when the page was not built.
const NOT_BUILT: &str = include_str!("not_built.html");

/// Any path that nothing else answers: a file of the page, or the page itself at `/`.
pub(super) async fn file(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    if method != Method::GET && method != Method::HEAD {
        return Problem::not_found(uri.path()).into_response();
    }
    match Built::get(path) {
        Some(file) => serve(path, file, &headers),
        None if path == "index.html" => {
            ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], NOT_BUILT).into_response()
        }
        None => Problem::not_found(uri.path()).into_response(),
    }
}

fn serve(path: &str, file: EmbeddedFile, request: &HeaderMap) -> Response {
    let [hash @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = file.metadata.sha256_hash();
    let etag = format!("\"{:032x}\"", u128::from_be_bytes(hash));
    let known = is_known(request, &etag);
    let mut response =
        if known { StatusCode::NOT_MODIFIED.into_response() } else { file.data.into_response() };
    let headers = response.headers_mut();
    // Files under assets/ carry a hash in their names.
    let caching = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    for (name, value) in
        [(header::CONTENT_TYPE, file.metadata.mimetype()), (header::ETAG, etag.as_str())]
    {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    response
}

/// Whether the client has what this tag names (RFC 9110, section 13.1.2). Tags compare weakly: a
/// proxy that compresses makes them weak.
fn is_known(request: &HeaderMap, etag: &str) -> bool {
    let sent = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|sent| sent.to_str().ok());
    let mut tags = sent.flat_map(|tags| tags.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}
