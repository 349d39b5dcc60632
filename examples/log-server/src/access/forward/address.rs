//! Where the service is asked: a URL with places for names.

use http::Uri;
use http::uri::PathAndQuery;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::access::{Place, Right, Workflows};

/// All but what RFC 3986 (section 2.3) calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Why a URL is none that the service can be asked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It begins otherwise.
    #[error("{0:?} begins with neither http:// nor https://")]
    Scheme(String),
    /// There is a name and perhaps a password in it.
    #[error("a URL with a name or password in it would be shown in logs; leave them out")]
    UserInfo,
    /// Something else is in braces.
    #[error("{{{0}}} is not known; there are {{workspace}}, {{workflow}} and {{right}}")]
    Unknown(String),
    /// A name stands where it could choose who is asked.
    #[error("names in braces may stand in the path and the query, not before them")]
    Authority,
    /// It is none at all.
    #[error("{0:?} is no URL: {1}")]
    Invalid(String, String),
}

/// A URL with places for names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// Scheme and authority.
    origin: Uri,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Box<str>),
    Name { of: Name, in_path: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Workspace,
    Workflow,
    Right,
}

impl Address {
    /// # Errors
    ///
    /// When it is no URL of HTTP, has a password in it, or names in braces that are not known or
    /// stand where they must not.
    pub(super) fn new(url: &str) -> Result<Self, AddressError> {
        let invalid = |why: &str| AddressError::Invalid(url.to_owned(), why.to_owned());
        let rest = ["http://", "https://"].iter().find_map(|scheme| url.strip_prefix(scheme));
        let rest = rest.ok_or_else(|| AddressError::Scheme(url.to_owned()))?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        if authority.contains('@') {
            return Err(AddressError::UserInfo);
        }
        if authority.contains(['{', '}']) {
            return Err(AddressError::Authority);
        }
        if target.contains('#') {
            return Err(invalid("what follows # is never sent"));
        }
        let origin = &url[..url.len() - target.len()];
        let origin = origin.parse().map_err(|error: http::uri::InvalidUri| {
            AddressError::Invalid(url.to_owned(), error.to_string())
        })?;
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        let address = Self { origin, pieces: pieces(&target, &invalid)? };
        // Each text in braces may be anything, and is encoded; so one try shows all.
        if address.uri(Right::Read, &Place::default()).is_none() {
            return Err(invalid("its path or query has characters that are to be encoded"));
        }
        Ok(address)
    }

    /// The URL to ask at for this; none if a name could make another path of it.
    pub(super) fn uri(&self, right: Right, place: &Place) -> Option<Uri> {
        let mut target = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => target.push_str(text),
                Piece::Name { of, in_path } => {
                    let name = of.of(right, place);
                    if *in_path && name.is_some_and(changes_paths) {
                        return None;
                    }
                    target.extend(utf8_percent_encode(name.unwrap_or_default(), RESERVED));
                }
            }
        }
        let mut parts = self.origin.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(target).ok()?);
        Uri::from_parts(parts).ok()
    }

    /// Whether it is asked over TLS.
    pub(super) fn is_secure(&self) -> bool {
        self.origin.scheme() == Some(&http::uri::Scheme::HTTPS)
    }
}

/// What stands for all workflows, where a service is asked about one.
const ALL: &str = "*";

impl Name {
    fn of(self, right: Right, place: &Place) -> Option<&str> {
        match self {
            Self::Workspace => place.workspace.as_deref(),
            Self::Workflow => match &place.workflows {
                // Of several, it is asked about each.
                Workflows::Some | Workflows::Several(_) => None,
                Workflows::All => Some(ALL),
                Workflows::One(name) => Some(name),
            },
            Self::Right => Some(right.as_str()),
        }
    }
}

/// Whether a server or proxy that decodes a path and tidies it up may take this for several of its
/// parts, or for none. In a query nobody does so.
fn changes_paths(name: &str) -> bool {
    name.is_empty() || name == "." || name == ".." || name.contains(['/', '\\', ';', '%', '\0'])
}

fn pieces(
    target: &str,
    invalid: &impl Fn(&str) -> AddressError,
) -> Result<Vec<Piece>, AddressError> {
    let mut pieces = Vec::new();
    let (mut rest, mut in_path) = (target, true);
    while let Some((text, braced)) = rest.split_once('{') {
        in_path &= !text.contains('?');
        let (name, after) = braced.split_once('}').ok_or_else(|| invalid("a { has no }"))?;
        let of = match name {
            "workspace" => Name::Workspace,
            "workflow" => Name::Workflow,
            "right" => Name::Right,
            other => return Err(AddressError::Unknown(other.to_owned())),
        };
        pieces.extend([Piece::Text(text.into()), Piece::Name { of, in_path }]);
        rest = after;
    }
    if rest.contains('}') {
        return Err(invalid("a } has no {"));
    }
    pieces.push(Piece::Text(rest.into()));
    Ok(pieces)
}

/// The path of this server that a question is about, as services behind nginx's `auth_request` know
/// it from `X-Original-URI`.
pub(super) fn original(right: Right, place: &Place) -> String {
    let encoded = |name: &str| utf8_percent_encode(name, RESERVED).to_string();
    let base = "/wfm/workflow/workspace";
    match (right, place.workspace.as_deref(), &place.workflows) {
        (Right::Operate, ..) => "/metrics".to_owned(),
        (_, None, _) => base.to_owned(),
        (_, Some(workspace), Workflows::Some) => format!("{base}/{}/workflow", encoded(workspace)),
        (_, Some(workspace), Workflows::All | Workflows::Several(_)) => {
            format!("{base}/{}/logs", encoded(workspace))
        }
        (_, Some(workspace), Workflows::One(workflow)) => {
            format!("{base}/{}/workflow/{}/logs", encoded(workspace), encoded(workflow))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(workspace: &str, workflow: &str) -> Place {
        Place::workflow(workspace, workflow)
    }

    fn asked(url: &str, workspace: &str, workflow: &str) -> Option<String> {
        let address = Address::new(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        address.uri(Right::Read, &place(workspace, workflow)).map(|uri| uri.to_string())
    }

    #[test]
    fn names_stand_where_braces_do() {
        let url = "http://127.0.0.1:5000/auth?ws={workspace}&wf={workflow}&may={right}";
        let asked = |workspace, workflow| asked(url, workspace, workflow).expect("a URL");
        assert_eq!(asked("etl", "a-b"), "http://127.0.0.1:5000/auth?ws=etl&wf=a-b&may=read");
        // Whatever they are, they stay one value.
        assert_eq!(
            asked("a&wf=b#?/../{right}", "ü\r\nX-A: b%00"),
            "http://127.0.0.1:5000/auth?ws=a%26wf%3Db%23%3F%2F..%2F%7Bright%7D\
             &wf=%C3%BC%0D%0AX-A%3A%20b%2500&may=read"
        );
        let address = Address::new(url).expect("a URL");
        let all = address.uri(Right::Operate, &Place::default()).expect("a URL");
        assert_eq!(all.query(), Some("ws=&wf=&may=operate"));
    }

    #[test]
    fn a_name_in_the_path_stays_one_part_of_it() {
        let url = "https://service.example/may/{workspace}/{workflow}/{right}?of={workspace}";
        let expected = "https://service.example/may/etl/a.b/read?of=etl";
        assert_eq!(asked(url, "etl", "a.b").as_deref(), Some(expected));
        for name in [".", "..", "a/b", "../../open", "a\\..", "a;b", "%2e%2e", "", "\0"] {
            assert_eq!(asked(url, name, "a"), None, "{name:?}");
            assert_eq!(asked(url, "a", name), None, "{name:?}");
            assert!(asked("http://a/?of={workspace}", name, "a").is_some(), "{name:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_in_words() {
        for (url, says) in [
            ("ftp://a/", "neither http:// nor https://"),
            ("auth/logs", "neither http:// nor https://"),
            ("http://me:secret@a/", "password"),
            ("http://{workspace}.a/", "not before them"),
            ("http://a/{workspce}", "{workspce} is not known"),
            ("http://a/{workspace", "has no }"),
            ("http://a/right}", "has no {"),
            ("http://a/#{right}", "never sent"),
            ("http://a/b c", "encoded"),
            ("http:///auth", "no URL"),
        ] {
            let error = Address::new(url).expect_err(url).to_string();
            assert!(error.contains(says), "{url}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn the_original_path_is_that_of_the_logs() {
        let path = original(Right::Append, &place("a b", "../x"));
        assert_eq!(path, "/wfm/workflow/workspace/a%20b/workflow/..%2Fx/logs");
        assert_eq!(original(Right::Read, &Place::default()), "/wfm/workflow/workspace");
        let whole = Place::whole("a b");
        assert_eq!(original(Right::Read, &whole), "/wfm/workflow/workspace/a%20b/logs");
        let uri = Address::new("http://a/?of={workflow}").expect("a URL").uri(Right::Read, &whole);
        assert_eq!(uri.expect("a URI").to_string(), "http://a/?of=%2A");
    }
}
