//! What the service is asked.

use http::header::{AUTHORIZATION, COOKIE, HeaderName, HeaderValue, USER_AGENT};
use http::{HeaderMap, Method, Request};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::address::{Address, original};
use crate::access::{Credentials, Denied, Place, Reason, Right, Workflows};

/// The cookie of this server's own sessions, which is nobody else's to know.
const OWN_COOKIE: &str = "log_session";

/// A question, as memory knows it.
pub(super) type Key = [u8; 32];

/// What a caller wants where, and what he brings to show that he may.
#[derive(Debug)]
pub(super) struct Question {
    /// The headers that are passed on, and no others.
    headers: HeaderMap,
    right: Right,
    place: Place,
    /// When it was asked.
    at: Timestamp,
}

impl Question {
    /// # Errors
    ///
    /// When it is not clear what the caller brings.
    pub(super) fn new(
        credentials: &Credentials,
        pass: &[HeaderName],
        right: Right,
        place: &Place,
    ) -> Result<Self, Denied> {
        let mut headers = HeaderMap::new();
        for name in pass {
            let values = credentials.headers.get_all(name);
            if *name == COOKIE {
                headers.extend(cookies(values.iter()).map(|cookies| (COOKIE, cookies)));
                continue;
            }
            // Of several, the service might believe another one than who looks at its logs.
            if *name == AUTHORIZATION && values.iter().count() > 1 {
                let words = "a request has one header `Authorization`; leave out the others";
                return Err(Denied::new(Reason::Unknown, words));
            }
            headers.extend(values.iter().map(|value| (name.clone(), value.clone())));
        }
        Ok(Self { headers, right, place: place.clone(), at: Timestamp::now() })
    }

    /// What tells this question from all others.
    pub(super) fn key(&self) -> Key {
        let mut hash = self.hash_of_credentials();
        hash.update([self.right as u8]);
        match &self.place.workspace {
            Some(name) => add(&mut hash, name.as_bytes()),
            None => hash.update([u8::MAX; 8]),
        }
        match &self.place.workflows {
            Workflows::One(name) => add(&mut hash, name.as_bytes()),
            Workflows::Some => hash.update([u8::MAX; 8]),
            Workflows::All => hash.update([u8::MAX - 1; 8]),
            Workflows::Several(names) => {
                hash.update([u8::MAX - 2; 8]);
                names.iter().for_each(|name| add(&mut hash, name.as_bytes()));
            }
        }
        hash.finalize().into()
    }

    /// What names the credentials, from which nobody finds them who has not the secret.
    pub(super) fn fingerprint(&self, secret: &[u8]) -> String {
        let mut hash = Sha256::new();
        add(&mut hash, secret);
        add(&mut hash, &self.hash_of_credentials().finalize());
        let first = hash.finalize().first_chunk().copied().unwrap_or_default();
        format!("{:016x}", u64::from_be_bytes(first))
    }

    /// Whether the caller brings nothing.
    pub(super) fn is_anonymous(&self) -> bool {
        self.headers.is_empty()
    }

    /// The request to the service; none if names could make another path of its URL.
    pub(super) fn request<B: Default>(&self, address: &Address) -> Option<Request<B>> {
        let mut request = Request::new(B::default());
        *request.uri_mut() = address.uri(self.right, &self.place)?;
        *request.headers_mut() = self.headers.clone();
        let method = if self.right == Right::Append { Method::POST } else { Method::GET };
        let original_method = HeaderValue::try_from(method.as_str()).ok()?;
        let original_uri = HeaderValue::try_from(original(self.right, &self.place)).ok()?;
        let agent = HeaderValue::from_static(concat!("log-server/", env!("CARGO_PKG_VERSION")));
        let headers = request.headers_mut();
        headers.insert("x-original-method", original_method);
        headers.insert("x-original-uri", original_uri);
        headers.insert(USER_AGENT, agent);
        Some(request)
    }

    pub(super) fn at(&self) -> Timestamp {
        self.at
    }

    pub(super) fn right(&self) -> Right {
        self.right
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    fn hash_of_credentials(&self) -> Sha256 {
        let mut hash = Sha256::new();
        for (name, value) in &self.headers {
            add(&mut hash, name.as_str().as_bytes());
            add(&mut hash, value.as_bytes());
        }
        hash
    }
}

/// Adds text so that no two lists of texts add the same.
fn add(hash: &mut Sha256, text: &[u8]) {
    hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX - 3).to_le_bytes());
    hash.update(text);
}

/// All cookies of others in one header, as HTTP/1.1 wants them (RFC 9113, section 8.2.3).
fn cookies<'v>(values: impl Iterator<Item = &'v HeaderValue>) -> Option<HeaderValue> {
    let mut kept: Vec<&[u8]> = Vec::new();
    for value in values {
        let pairs = value.as_bytes().split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
        kept.extend(pairs.filter(|pair| !pair.is_empty() && !is_own(pair)));
    }
    if kept.is_empty() { None } else { HeaderValue::from_bytes(&kept.join(&b"; "[..])).ok() }
}

fn is_own(pair: &[u8]) -> bool {
    let name = pair.split(|&byte| byte == b'=').next().unwrap_or_default();
    name.trim_ascii() == OWN_COOKIE.as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASS: [HeaderName; 2] = [AUTHORIZATION, COOKIE];

    fn credentials(headers: &[(&'static str, &'static str)]) -> Credentials {
        let headers = headers
            .iter()
            .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        Credentials { headers: headers.collect(), ticket: None }
    }

    fn key(headers: &[(&'static str, &'static str)], right: Right, place: &Place) -> Key {
        let question = Question::new(&credentials(headers), &PASS, right, place);
        question.expect("a question").key()
    }

    fn place(workspace: Option<&str>, workflow: Option<&str>) -> Place {
        let workflows = workflow.map_or(Workflows::Some, |name| Workflows::One(name.into()));
        Place { workspace: workspace.map(Box::from), workflows }
    }

    fn several(names: &[&str]) -> Place {
        let names = names.iter().copied().map(Box::from).collect();
        Place { workflows: Workflows::Several(names), ..Place::workspace("a") }
    }

    #[test]
    fn no_two_questions_have_one_key() {
        let places = [
            place(None, None),
            place(Some(""), None),
            place(Some("a"), None),
            place(Some("a"), Some("")),
            place(Some("a"), Some("*")),
            Place::whole("a"),
            several(&[]),
            several(&["b"]),
            several(&["b", "c"]),
            several(&["bc"]),
            place(Some("a"), Some("b")),
            place(Some("ab"), None),
            place(Some(""), Some("ab")),
            place(Some("b"), Some("a")),
        ];
        let callers: [&[(&str, &str)]; 6] = [
            &[],
            &[("authorization", "a")],
            &[("cookie", "a")],
            &[("authorization", "a"), ("cookie", "b")],
            &[("authorization", "b"), ("cookie", "a")],
            &[("authorization", "acookieb")],
        ];
        let mut keys = Vec::new();
        for place in &places {
            for right in Right::ALL {
                keys.extend(callers.map(|caller| key(caller, right, place)));
            }
        }
        let all = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), all);
    }

    #[test]
    fn only_what_is_passed_on_counts_and_our_own_cookie_is_not() {
        let sent = [
            ("cookie", "a=1; log_session=secret;b=2"),
            ("cookie", " log_session = more ; c=3"),
            ("x-forwarded-for", "1.2.3.4"),
            ("authorization", "Bearer t"),
        ];
        let nowhere = Place::default();
        let question = Question::new(&credentials(&sent), &PASS, Right::Append, &nowhere);
        let question = question.expect("a question");
        let address = Address::new("http://a/").expect("an address");
        let request: Request<()> = question.request(&address).expect("a request");
        let text = |value: &HeaderValue| value.to_str().map(str::to_owned);
        let headers = request.headers().iter();
        let mut headers: Vec<_> =
            headers.map(|(name, value)| (name.as_str(), text(value).expect("text"))).collect();
        headers.sort_unstable();
        let agent = concat!("log-server/", env!("CARGO_PKG_VERSION"));
        assert_eq!(
            headers.iter().map(|(name, value)| (*name, &**value)).collect::<Vec<_>>(),
            [
                ("authorization", "Bearer t"),
                ("cookie", "a=1; b=2; c=3"),
                ("user-agent", agent),
                ("x-original-method", "POST"),
                ("x-original-uri", "/wfm/workflow/workspace"),
            ]
        );
        let plain = [("authorization", "Bearer t"), ("cookie", "a=1; b=2; c=3")];
        assert_eq!(question.key(), key(&plain, Right::Append, &nowhere));
        let only_own = credentials(&[("cookie", "log_session=secret")]);
        let question = Question::new(&only_own, &PASS, Right::Read, &nowhere);
        assert!(question.expect("a question").is_anonymous());
    }

    #[test]
    fn two_tokens_are_refused() {
        let two = credentials(&[("authorization", "Bearer a"), ("authorization", "Bearer b")]);
        let refused = Question::new(&two, &PASS, Right::Read, &Place::default());
        assert_eq!(refused.expect_err("two tokens").reason, Reason::Unknown);
    }

    #[test]
    fn a_fingerprint_is_of_the_credentials_and_the_secret() {
        let (here, there) = (place(Some("a"), None), place(Some("b"), None));
        let of = |token, place, secret: &[u8]| {
            let credentials = credentials(&[("authorization", token)]);
            let question = Question::new(&credentials, &PASS, Right::Read, place);
            question.expect("a question").fingerprint(secret)
        };
        assert_eq!(of("a", &here, b"s"), of("a", &there, b"s"));
        assert_ne!(of("a", &here, b"s"), of("b", &here, b"s"));
        assert_ne!(of("a", &here, b"s"), of("a", &here, b"t"));
        assert_eq!(of("a", &here, b"s").len(), 16);
    }
}
