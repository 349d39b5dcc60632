//! Where people sign in at the service.

use http::Uri;
use serde::Deserialize;

/// An address that a page may lead to: of `http` or `https`, or a path beside this server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct SignInUrl(Box<str>);

/// It is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no address to sign in at; write it like https://service.example/login, or /login \
     where this server has the same host"
)]
pub struct InvalidSignInUrl(String);

impl SignInUrl {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SignInUrl {
    type Error = InvalidSignInUrl;

    fn try_from(text: String) -> Result<Self, InvalidSignInUrl> {
        let is_web = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https"));
        // What begins with two slashes, or what browsers take for them, is another host.
        let is_path = text.starts_with('/') && !text[1..].starts_with(['/', '\\']);
        match text.parse::<Uri>() {
            Ok(uri) if is_web(&uri) && !uri.authority().is_some_and(has_user) => {
                Ok(Self(text.into()))
            }
            Ok(_) if is_path => Ok(Self(text.into())),
            _ => Err(InvalidSignInUrl(text)),
        }
    }
}

fn has_user(authority: &http::uri::Authority) -> bool {
    authority.as_str().contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_as_a_script_or_is_another_host_in_disguise_is_refused() {
        for right in ["https://service.example/login?next=%2F", "http://[::1]:5000", "/", "/login"]
        {
            assert_eq!(SignInUrl::try_from(right.to_owned()).unwrap().as_str(), right);
        }
        for wrong in [
            "",
            "login",
            "javascript:alert(1)",
            "data:text/html,x",
            "//other.example/",
            "/\\other.example/",
            "https://me:secret@service.example/",
            "https:///login",
            "https://a b/",
            "/log in",
        ] {
            assert!(SignInUrl::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
