//! How large the head of a request may be.

use http::{HeaderMap, Uri};
use serde::Deserialize;

/// `[limits.head]`: bounds within those that the connection has anyway, which are 64 KiB and 100
/// headers over HTTP/1.1, and 16 KiB of headers over HTTP/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Sizes {
    /// The path and the query together; 8 KiB by default.
    pub uri_bytes: usize,
    /// The names and values of all headers together; 32 KiB by default.
    pub header_bytes: usize,
    /// How many headers; 64 by default.
    pub headers: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { uri_bytes: 8 * 1024, header_bytes: 32 * 1024, headers: 64 }
    }
}

/// What of a head is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooLarge {
    /// The address.
    #[error("the address has more than {0} bytes; search for less at once")]
    Uri(usize),
    /// The headers.
    #[error("the headers have more than {0} bytes; send fewer cookies, or shorter ones")]
    Bytes(usize),
    /// Their number.
    #[error("the request has more than {0} headers; send fewer")]
    Headers(usize),
}

impl Sizes {
    /// Looks at a head.
    ///
    /// # Errors
    ///
    /// What of it is too large.
    pub(crate) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), TooLarge> {
        let uri = uri.path().len() + uri.query().map_or(0, |query| query.len() + 1);
        let bytes: usize =
            headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if uri > self.uri_bytes {
            Err(TooLarge::Uri(self.uri_bytes))
        } else if headers.len() > self.headers {
            Err(TooLarge::Headers(self.headers))
        } else if bytes > self.header_bytes {
            Err(TooLarge::Bytes(self.header_bytes))
        } else {
            Ok(())
        }
    }
}
