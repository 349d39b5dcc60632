//! What a token claims, read as a caller.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::config::JwtConfig;
use super::key::JwtError;
use super::template::{Template, find};
use crate::access::{
    Caller, Denied, Grant, Grants, KnownBy, Pattern, Reason, Right, Rights, RowRule, RowRules,
};

/// The most characters of a name or id that is taken from a token.
const LONGEST_NAME: usize = 255;

pub(super) type Claims = Map<String, Value>;

/// How claims are read.
#[derive(Debug)]
pub(super) struct Reading {
    config: JwtConfig,
    rows: Vec<(Box<str>, Template)>,
}

impl Reading {
    pub(super) fn new(config: &JwtConfig) -> Result<Self, JwtError> {
        let rules = config.rows.iter().map(|(field, text)| {
            let template = Template::new(text).map_err(JwtError::Template)?;
            Ok((field.as_str().into(), template))
        });
        Ok(Self { config: config.clone(), rows: rules.collect::<Result<_, JwtError>>()? })
    }

    /// Who claims this, in a token whose signature and times are right.
    pub(super) fn caller(&self, claims: &Claims, hash: &str) -> Result<Caller, Denied> {
        let user = self.user(claims)?;
        let grants = self.grants(claims).map_err(|words| Denied::new(Reason::Forbidden, words))?;
        let id = claims.get("jti").and_then(Value::as_str).filter(|id| is_plain(id));
        let leeway = i64::try_from(self.config.leeway.as_secs()).unwrap_or_default();
        let issued = time(claims, "iat", 0);
        if issued.is_some_and(|issued| issued.as_second() > now().saturating_add(leeway)) {
            let words = "the token was given out in the future (`iat`)";
            return Err(Denied::new(Reason::Unknown, words));
        }
        Ok(Caller {
            user,
            known_by: KnownBy::Jwt,
            credential: id.unwrap_or(hash).into(),
            made_from: None,
            issued,
            grants,
            rows: self.rows(claims)?,
            expires: time(claims, "exp", leeway),
            ask_again: None,
            ask_with: None,
            only_there: false,
        })
    }

    fn user(&self, claims: &Claims) -> Result<Box<str>, Denied> {
        let claim = &self.config.user_claim;
        let user = match find(claims, claim) {
            Some(Value::String(name)) if is_plain(name) => Some(name.as_str().into()),
            Some(Value::Number(number)) => Some(number.to_string().into()),
            _ => None,
        };
        user.ok_or_else(|| {
            let words = format!(
                "the token's `{claim}` is no name: it is to be a text of {LONGEST_NAME} \
                 characters at most, none of control"
            );
            Denied::new(Reason::Unknown, words)
        })
    }

    fn rows(&self, claims: &Claims) -> Result<RowRules, Denied> {
        let rules = self.rows.iter().map(|(field, template)| match template.fill(claims) {
            Ok(value) => Ok(RowRule { field: field.clone(), value }),
            Err(claim) => {
                let words = format!("the token has no `{claim}`, which says what its user may see");
                Err(Denied::new(Reason::Forbidden, words))
            }
        });
        rules.collect::<Result<_, _>>().map(RowRules)
    }

    fn grants(&self, claims: &Claims) -> Result<Grants, String> {
        let config = &self.config;
        let of = |claim: &Option<String>| claim.as_ref().and_then(|claim| find(claims, claim));
        if let Some(claim) = &config.grants_claim
            && let Some(value) = find(claims, claim)
        {
            return listed(value, config.rights)
                .map_err(|error| format!("the token's `{claim}` is not understood: {error}"));
        }
        let patterns = |claim: &Option<String>, otherwise: &[Pattern]| match of(claim) {
            None => otherwise.to_vec(),
            Some(value) => words(value).into_iter().map(Pattern::from).collect(),
        };
        let rights = match of(&config.rights_claim) {
            None => config.rights,
            Some(value) => words(value).iter().filter_map(|word| word.parse().ok()).collect(),
        };
        let workspaces = patterns(&config.workspaces_claim, &config.workspaces);
        let workflows = patterns(&config.workflows_claim, &config.workflows);
        Ok(Grants(vec![Grant { workspaces, workflows, rights }]))
    }
}

/// What a claim lists.
fn listed(value: &Value, rights: Rights) -> Result<Grants, serde_json::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Listed {
        workspaces: Vec<Pattern>,
        workflows: Option<Vec<Pattern>>,
        rights: Option<Vec<Right>>,
    }
    let listed = Vec::<Listed>::deserialize(value)?;
    let grants = listed.into_iter().map(|listed| Grant {
        workspaces: listed.workspaces,
        workflows: listed.workflows.unwrap_or_else(|| vec![Pattern::any()]),
        rights: listed.rights.map_or(rights, Rights::from_iter),
    });
    Ok(Grants(grants.collect()))
}

/// The texts of a list, or the words of a text as in OAuth's `scope`; of anything else, none.
fn words(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn now() -> i64 {
    Timestamp::now().as_second()
}

fn is_plain(name: &str) -> bool {
    let length = name.chars().count();
    (1..=LONGEST_NAME).contains(&length) && !name.chars().any(char::is_control)
}

/// A claim in seconds of Unix time, and some more; as late as there is if it is later than that.
fn time(claims: &Claims, claim: &str, more: i64) -> Option<Timestamp> {
    #[expect(clippy::cast_possible_truncation, reason = "what is too large is as large as can be")]
    let seconds = claims.get(claim)?.as_f64()?.round() as i64;
    Some(Timestamp::from_second(seconds.saturating_add(more)).unwrap_or(Timestamp::MAX))
}
