//! All ways of signing in, as they are configured.

use std::path::PathBuf;
use std::sync::Arc;

use super::forward::{Forward, ForwardError, SignInUrl};
use super::jwt::{Jwt, JwtError};
use super::revoked::{Revoked, RevokedError};
use super::session::Sessions;
use super::ticket::Tickets;
use super::tokens::{Tokens, TokensError};
use super::{Access, Authority, Ways};
use crate::config::Config;
use crate::secret::{self, SecretError, Secrets};

/// Why nobody could sign in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The tokens of the configuration.
    #[error(transparent)]
    Tokens(#[from] TokensError),
    /// The keys of signed tokens.
    #[error(transparent)]
    Jwt(#[from] JwtError),
    /// The service that says who may do what.
    #[error(transparent)]
    Forward(#[from] ForwardError),
    /// What was taken back.
    #[error(transparent)]
    Revoked(#[from] RevokedError),
    /// There is nowhere to keep it.
    #[error(
        "there is no data folder on this system; name a file for what is taken back, as \
         `revocations-file` of [session]"
    )]
    NoFile,
    /// The secret of sessions and tickets.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// The ways of signing in and out. A clone shares everything.
#[derive(Clone, Debug)]
pub struct SignIn(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    access: Access,
    sessions: Arc<Sessions>,
    tickets: Arc<Tickets>,
    revoked: Revoked,
    ways: Ways,
}

impl SignIn {
    /// Whether the configuration says who may.
    pub fn is_wanted(config: &Config) -> bool {
        !config.tokens.is_empty() || config.jwt.is_some() || config.forward_auth.is_some()
    }

    /// Those of the configuration. What is taken back is kept in the file that it names, or else in
    /// `file`.
    ///
    /// # Errors
    ///
    /// When the configuration contradicts itself, or names what is not there.
    pub fn new(
        config: &Config,
        secrets: &Secrets,
        file: Option<PathBuf>,
    ) -> Result<Self, SignInError> {
        let mut authorities: Vec<Box<dyn Authority>> = Vec::new();
        let mut ways = Vec::new();
        let tokens = Arc::new(Tokens::new(&config.tokens)?);
        check_rows(config);
        if !config.tokens.is_empty() {
            authorities.push(Box::new(Arc::clone(&tokens)));
            ways.push("token");
        }
        if let Some(jwt) = &config.jwt {
            authorities.push(Box::new(Jwt::new(jwt)?));
            ways.push("jwt");
        }
        let sessions =
            Arc::new(Sessions::new(secrets, &config.session, tokens, config.jwt.is_some()));
        let mut tickets = Tickets::new(secrets);
        let mut forward = None;
        if let Some(config) = &config.forward_auth {
            let service: Arc<dyn Authority> = Arc::new(Forward::new(config, secrets.newest())?);
            tickets = tickets.asking(Arc::clone(&service));
            forward = Some(service);
            ways.push("forward");
        }
        let tickets = Arc::new(tickets);
        let revoked = if Self::is_wanted(config) {
            authorities.push(Box::new(Arc::clone(&tickets)));
            authorities.push(Box::new(Arc::clone(&sessions)));
            let file = config.session.revocations_file.clone().or(file);
            Revoked::open(&file.ok_or(SignInError::NoFile)?)?
        } else {
            Revoked::in_memory()
        };
        // It is asked about whoever is left, be it with nothing.
        authorities.extend(forward.map(|service| Box::new(service) as Box<dyn Authority>));
        let access = Access::new(authorities, Arc::new(revoked.clone()));
        let url = config.forward_auth.as_ref().and_then(|service| service.sign_in_url.as_ref());
        let ways = Ways::new(ways, url.map(SignInUrl::as_str));
        Ok(Self(Arc::new(Inner { access, sessions, tickets, revoked, ways })))
    }

    /// Nobody has to sign in.
    ///
    /// # Errors
    ///
    /// When the system gives no random bytes.
    pub fn anonymous() -> Result<Self, SignInError> {
        Self::new(&Config::default(), &secret::random()?, None)
    }

    /// Who may do what.
    pub fn access(&self) -> &Access {
        &self.0.access
    }

    /// The cookies of browsers.
    pub fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// The tickets of those who can send neither headers nor cookies.
    pub fn tickets(&self) -> &Tickets {
        &self.0.tickets
    }

    /// What was taken back.
    pub fn revoked(&self) -> &Revoked {
        &self.0.revoked
    }

    /// How people sign in.
    pub fn ways(&self) -> &Ways {
        &self.0.ways
    }
}

/// Says which rules of the configuration nobody can decide, as they are about other fields than
/// those that are kept for rules: their callers are let see nothing.
fn check_rows(config: &Config) {
    let say = |of: &str, field: &str| {
        if !config.row_fields.have(field) {
            tracing::error!(
                "`rows` of {of} is about {field:?}, so its callers see nothing: add the field to \
                 `row-fields`, above all sections of the configuration"
            );
        }
    };
    for entry in &config.tokens {
        entry.rows.keys().for_each(|field| say(&format!("the token {:?}", entry.name), field));
    }
    config.jwt.iter().flat_map(|jwt| jwt.rows.keys()).for_each(|field| say("[jwt]", field));
}
