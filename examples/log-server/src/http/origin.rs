//! The origins of other sites' pages.

use http::{HeaderValue, Uri};
use serde::Deserialize;

/// An origin as browsers write it: `https://app.example.com`, with its port if it has one of its
/// own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Origin(HeaderValue);

/// It is no origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is no origin; write it as https://app.example.com, each by itself: `*` and `null` would \
     let everybody's pages in"
)]
pub struct InvalidOrigin;

impl Origin {
    /// As browsers send it.
    pub(super) fn value(&self) -> &HeaderValue {
        &self.0
    }
}

impl TryFrom<String> for Origin {
    type Error = InvalidOrigin;

    fn try_from(text: String) -> Result<Self, InvalidOrigin> {
        let parsed = || {
            let text = text.to_ascii_lowercase();
            let uri: Uri = text.parse().ok()?;
            let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
            let usual = match scheme {
                "http" => 80,
                "https" => 443,
                _ => return None,
            };
            let bare = text == format!("{scheme}://{authority}");
            let host = authority.host();
            let in_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte);
            if !bare || host.is_empty() || !authority.as_str().bytes().all(in_host) {
                return None;
            }
            let port = match authority.port() {
                Some(port) if port.as_u16() != usual => format!(":{}", port.as_u16()),
                None if authority.as_str().len() > host.len() => return None,
                _ => String::new(),
            };
            HeaderValue::try_from(format!("{scheme}://{host}{port}")).ok()
        };
        parsed().map(Self).ok_or(InvalidOrigin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_written_as_browsers_send_them() {
        let of = |text: &str| Origin::try_from(text.to_owned()).map(|origin| origin.0);
        for (text, sent) in [
            ("https://app.example.com", "https://app.example.com"),
            ("HTTPS://App.Example.com:443", "https://app.example.com"),
            ("http://localhost:5173", "http://localhost:5173"),
            ("http://[::1]:80", "http://[::1]"),
        ] {
            assert_eq!(of(text), Ok(HeaderValue::from_static(sent)));
        }
        for wrong in [
            "*",
            "null",
            "",
            "app.example.com",
            "https://",
            "https://*.example.com",
            "ftp://a.b",
            "https://a.b/",
            "https://a.b/c",
            "https://a.b?c",
            "https://u@a.b",
            "https://a.b:x",
            "https://a.b https://c.d",
            "https://a.b:",
            "https://a.b#c",
            "https://a.b;script-src",
            "https://a.b,c",
            "https://'self'",
        ] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
