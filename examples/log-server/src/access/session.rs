//! Sessions: cookies that stand for a token, for browsers.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cookie::Cookie;
use cookie::time::Duration as CookieTime;
use http::HeaderMap;
use http::header::COOKIE;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::held::Held;
use super::sealed::Sealed;
use super::tokens::{TokenHash, Tokens};
use super::{
    Authority, Caller, Credentials, Denied, Grants, Identified, KnownBy, Place, Reason, Right,
    RowRules,
};
use crate::secret::Secrets;

/// The name of the cookie.
const NAME: &str = "log_session";

/// What a browser keeps of a cookie at least, with its name and attributes (RFC 6265, section 6.1).
const LONGEST_COOKIE: usize = 4096 - 128;

/// `[session]` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SessionConfig {
    /// For how long a session lasts at most. It ends with its token in any case.
    #[serde(deserialize_with = "super::jwt::duration")]
    pub lifetime: Duration,
    /// Whether browsers are to send the cookie over TLS only; where it is not said, as the request
    /// came that began the session.
    pub secure: Option<bool>,
    /// Below which path browsers send it.
    pub path: String,
    /// Where is kept what was taken back.
    pub revocations_file: Option<PathBuf>,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            lifetime: Duration::from_secs(12 * 3600),
            secure: None,
            path: "/".to_owned(),
            revocations_file: None,
        }
    }
}

/// Begins sessions, and knows callers by them.
///
/// The cookie is all there is of a session: who it is and what he may, sealed. So it holds over
/// restarts, and at all instances with the same secret. Of a token of the configuration it holds
/// the hash, so that what that token may is looked up again; it ends with that token.
#[derive(Debug)]
pub struct Sessions {
    sealed: Sealed,
    config: SessionConfig,
    tokens: Arc<Tokens>,
    /// Whether signed tokens are taken.
    signed: bool,
}

/// What a cookie holds.
#[derive(Serialize, Deserialize)]
struct Written {
    held: Held,
    /// Which token of the configuration it stands for, if it is one.
    token: Option<TokenHash>,
}

/// Why there can be no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSession {
    /// Whoever knows the caller knows him by each request.
    #[error(
        "a session stands for a token, and you are known otherwise; go on with what you have sent"
    )]
    NotByToken,
    /// No browser would keep it.
    #[error(
        "what this token allows is too much for a cookie; ask with the token itself, or with tickets"
    )]
    TooLong,
    /// The system gives no randomness.
    #[error("the system gives no random bytes")]
    Random,
}

impl Sessions {
    /// Those that stand for `tokens`, and for `signed` ones of others if these are taken.
    pub fn new(
        secrets: &Secrets,
        config: &SessionConfig,
        tokens: Arc<Tokens>,
        signed: bool,
    ) -> Self {
        let (sealed, config) = (Sealed::new(secrets, "log-server session"), config.clone());
        Self { sealed, config, tokens, signed }
    }

    /// The cookie of a new session for someone who is known by a token.
    ///
    /// # Errors
    ///
    /// When he is known otherwise, or may more than a cookie can hold.
    pub fn begin(&self, caller: &Caller, over_tls: bool) -> Result<Cookie<'static>, NoSession> {
        if !matches!(caller.known_by, KnownBy::Token | KnownBy::Jwt) {
            return Err(NoSession::NotByToken);
        }
        let mut id = [0; 8];
        getrandom::fill(&mut id).map_err(|_| NoSession::Random)?;
        let latest =
            Timestamp::now().saturating_add(self.config.lifetime).unwrap_or(Timestamp::MAX);
        let expires = caller.expires.map_or(latest, |end| end.min(latest));
        let session = Caller {
            credential: format!("session-{:016x}", u64::from_be_bytes(id)).into(),
            made_from: Some(caller.credential.clone()),
            expires: Some(expires),
            ..caller.clone()
        };
        let is_ours = caller.known_by == KnownBy::Token;
        let token = self.tokens.hash_of(&caller.credential).filter(|_| is_ours);
        let nothing = (Grants::default(), RowRules::default());
        let (grants, rows) = if is_ours { nothing } else { (session.grants, session.rows) };
        let held = Held::of(&Caller { grants, rows, ..session });
        let text = serde_json::to_vec(&Written { held, token }).map_err(|_| NoSession::Random)?;
        let value = self.sealed.seal(&text).map_err(|_| NoSession::Random)?;
        if value.len() > LONGEST_COOKIE {
            return Err(NoSession::TooLong);
        }
        let left = expires.duration_since(Timestamp::now()).as_secs().max(0);
        Ok(self.cookie(value, left, over_tls))
    }

    /// What makes a browser forget its session.
    pub fn end(&self, over_tls: bool) -> Cookie<'static> {
        self.cookie(String::new(), 0, over_tls)
    }

    fn cookie(&self, value: String, seconds: i64, over_tls: bool) -> Cookie<'static> {
        Cookie::build((NAME, value))
            .path(self.config.path.clone())
            .http_only(true)
            .same_site(cookie::SameSite::Strict)
            .secure(self.config.secure.unwrap_or(over_tls))
            .max_age(CookieTime::seconds(seconds))
            .build()
    }

    /// Who is in the session that these headers name, if they name one.
    ///
    /// # Errors
    ///
    /// When it is none of this server, or is over.
    pub fn find(&self, headers: &HeaderMap) -> Result<Option<Caller>, Denied> {
        let mut values = values(headers);
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            // One of them may have been set by a page of another site below the same domain.
            let words = "there are two sessions in this request; sign out and in again";
            return Err(Denied::new(Reason::Unknown, words));
        }
        let text = self.sealed.open(&value);
        let written = text.and_then(|text| serde_json::from_slice::<Written>(&text).ok());
        let Written { held, token } = written.ok_or_else(|| {
            Denied::new(Reason::Unknown, "this session is none of this server; sign in again")
        })?;
        let caller = held.caller(KnownBy::Session);
        if caller.expires.is_none_or(|end| end <= Timestamp::now()) {
            return Err(Denied::new(Reason::Expired, "the session is over; sign in again"));
        }
        match token {
            Some(hash) => self.as_its_token(hash, caller).map(Some),
            None if self.signed => Ok(Some(caller)),
            None => Err(not_taken()),
        }
    }

    /// May what the token may by now.
    fn as_its_token(&self, hash: TokenHash, session: Caller) -> Result<Caller, Denied> {
        let its = |token: &&Caller| {
            token.user == session.user && session.made_from.as_ref() == Some(&token.credential)
        };
        let token = self.tokens.with(hash).filter(its).ok_or_else(not_taken)?;
        Ok(Caller {
            grants: token.grants.clone(),
            rows: token.rows.clone(),
            expires: token.expires.into_iter().chain(session.expires).min(),
            ..session
        })
    }
}

impl Authority for Sessions {
    fn identify<'a>(
        &'a self,
        credentials: &'a Credentials,
        _: Right,
        _: &'a Place,
    ) -> Identified<'a> {
        Box::pin(std::future::ready(self.find(&credentials.headers)))
    }
}

fn not_taken() -> Denied {
    let words = "the token of this session is not taken any longer; sign in again";
    Denied::new(Reason::Revoked, words)
}

/// The values of all cookies of the name.
fn values(headers: &HeaderMap) -> impl Iterator<Item = String> {
    let sent = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let cookies = sent.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.filter(|cookie| cookie.name() == NAME).map(|cookie| cookie.value().to_owned())
}
