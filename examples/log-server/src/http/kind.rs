//! The kinds of problems: what each is called, what it means, and what to do about it.

use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// A kind of problem. Its name and status stay as they are: programs go by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Kind {
    /// What its `type` ends in.
    pub name: &'static str,
    /// The status of its answers.
    pub status: StatusCode,
    /// Whether it ends by itself. Then its answers say when to ask again.
    pub passing: bool,
    /// What it is, in a few words.
    pub title: &'static str,
    /// When it comes.
    pub means: &'static str,
    /// What to do about it.
    pub advice: &'static str,
}

impl Kind {
    /// What all types begin with: the path at which they are described.
    pub const PATH: &str = "/problems/";

    /// The kind of a `type`.
    pub fn of_type(uri: &str) -> Option<&'static Self> {
        let name = uri.strip_prefix(Self::PATH)?;
        Self::ALL.iter().copied().find(|kind| kind.name == name)
    }

    /// Its `type`, relative to the server.
    pub fn uri(&self) -> String {
        format!("{}{}", Self::PATH, self.name)
    }

    /// All that is to be said of it.
    pub(super) fn said(&self) -> Meaning {
        let Self { status, passing, title, means, advice, .. } = *self;
        Meaning { r#type: self.uri(), title, status: status.as_u16(), passing, means, advice }
    }
}

/// What a kind of problem means, and what to do about it.
#[derive(Serialize, ToSchema)]
pub(super) struct Meaning {
    /// The `type` of such problems.
    r#type: String,
    /// What it is, in a few words.
    title: &'static str,
    status: u16,
    /// Whether it ends by itself. Then its answers say when to ask again, in `Retry-After`.
    passing: bool,
    /// When it comes.
    means: &'static str,
    /// What to do about it.
    advice: &'static str,
}

macro_rules! kinds {
    ($(
        $constant:ident = $name:literal, $status:ident $($passing:ident)?:
            $title:literal; $means:literal; $advice:literal;
    )*) => {
        impl Kind {
            $(pub(super) const $constant: &Self = &Self {
                name: $name,
                status: StatusCode::$status,
                passing: matches!(stringify!($($passing)?).as_bytes(), b"passing"),
                title: $title,
                means: $means,
                advice: $advice,
            };)*

            /// All of them, by their status.
            pub const ALL: &[&Self] = &[$(Self::$constant),*];
        }
    };
}

kinds! {
    INVALID = "invalid-request", BAD_REQUEST:
        "the request is not valid";
        "A parameter, a header, a name in the path, a position or the body is not as it is to be.";
        "The detail says what and where. The same request is answered the same again: change it.";

    SIGN_IN = "sign-in-needed", UNAUTHORIZED:
        "a sign-in is needed";
        "Nothing says who asks, nobody knows it, it is over or was taken back: `reason` says which.";
        "Sign in by one of the ways in `sign_in`, and send it with the request.";

    FORBIDDEN = "forbidden", FORBIDDEN:
        "this is not allowed";
        "It is known who asks, and he may not do that there. Whether there is anything has no part in it.";
        "Ask whoever gives out the rights.";

    CROSS_SITE = "cross-site", FORBIDDEN:
        "the request comes from another site";
        "A browser sends a change on behalf of another site's page.";
        "If it is meant to, add its origin to `cors.origins` in the server's configuration.";

    RULES_UNDECIDED = "rules-undecided", FORBIDDEN:
        "your rules cannot be decided here";
        "The caller may see only rows whose field has a value, and the server does not keep that field.";
        "Whoever runs the server is to name the field in `row-fields`.";

    ROW_NOT_YOURS = "row-not-yours", FORBIDDEN:
        "a row is not yours to write";
        "The caller may write only his own rows, and a line says that it is of somebody else. Nothing was written.";
        "Leave the field out, or give it the value that the detail says.";

    NOT_FOUND = "not-found", NOT_FOUND:
        "there is nothing here";
        "The server has no such path, or nothing of that name is there to be seen by who asks.";
        "`/openapi.json` lists the paths.";

    METHOD = "method-not-allowed", METHOD_NOT_ALLOWED:
        "the method is not allowed";
        "The path is there, and does not take that method.";
        "The header `Allow` lists those it takes.";

    SLOW_REQUEST = "request-timeout", REQUEST_TIMEOUT:
        "the request took too long";
        "The body did not come to its end in time. Nothing was written.";
        "Send smaller bodies, or over a better line.";

    NO_SIGN_IN = "no-sign-in", CONFLICT:
        "nobody has to sign in";
        "The server is for whoever reaches it: a session would be of nobody.";
        "Ask without signing in.";

    ID_TAKEN = "id-taken", CONFLICT:
        "an id is taken";
        "A row has the id of another one of its workflow, and says something else.";
        "The detail has the line, and how many were written. Give it an id of its own.";

    TOO_LARGE = "request-too-large", PAYLOAD_TOO_LARGE:
        "the request is too large";
        "The body has more bytes or rows than one request may. Nothing was written.";
        "Send several smaller ones.";

    LONG_ADDRESS = "address-too-long", URI_TOO_LONG:
        "the address of the request is too long";
        "Path and query have more bytes than the server takes.";
        "Search for less at once.";

    MEDIA_TYPE = "media-type-not-taken", UNSUPPORTED_MEDIA_TYPE:
        "the body is of a type that is not taken";
        "`Content-Type` or `Content-Encoding` names what this path does not take.";
        "The detail says what it takes.";

    MISDIRECTED = "misdirected", MISDIRECTED_REQUEST:
        "the request is for another server";
        "The server is for its own machine, and the request names another host.";
        "Ask for localhost, or start the server with `--anonymous` to serve other names.";

    ROW_REFUSED = "row-refused", UNPROCESSABLE_ENTITY:
        "the log does not take a line";
        "A validator, a unique index or a trigger of the database refuses a row.";
        "The detail has the line, the reason, and how many were written.";

    NO_SESSION = "session-impossible", UNPROCESSABLE_ENTITY:
        "there can be no session";
        "The sign-in is good, and such that no session can be made of it.";
        "The detail says why; sign in with each request instead.";

    OFTEN = "rate-limit-reached", TOO_MANY_REQUESTS passing:
        "this is asked for too often";
        "A limit on how often something is asked for is reached: `limit` names it.";
        "Wait for as long as `Retry-After` says.";

    STREAMS = "too-many-streams", TOO_MANY_REQUESTS passing:
        "too many streams are open";
        "A limit on the streams that are open at once is reached: `limit` names it.";
        "End one, or come back after `Retry-After`.";

    EXPORTS = "too-many-exports", TOO_MANY_REQUESTS passing:
        "too many exports are under way";
        "A limit on the exports that are under way at once is reached: `limit` names it.";
        "Wait until one ends, or come back after `Retry-After`.";

    SEARCHES = "too-many-searches", TOO_MANY_REQUESTS passing:
        "too many searches are under way";
        "The texts and patterns that are searched for take all the memory there is for them.";
        "Come back after `Retry-After`, or search for a shorter text or a simpler pattern.";

    LARGE_HEAD = "headers-too-large", REQUEST_HEADER_FIELDS_TOO_LARGE:
        "the headers of the request are too large";
        "There are more headers, or more bytes in them, than the server takes.";
        "Send fewer cookies, or shorter ones.";

    DEFECT = "defect", INTERNAL_SERVER_ERROR:
        "the server has a defect";
        "The server did what it should never do.";
        "Its log has more under the same `request_id`: please report it.";

    NOT_JSON = "row-not-json", INTERNAL_SERVER_ERROR:
        "a row cannot be shown";
        "The store has a row that is not JSON.";
        "Whoever runs the store is to repair or delete it.";

    UNAVAILABLE = "log-unavailable", SERVICE_UNAVAILABLE passing:
        "the log is unavailable";
        "The database of the log does not answer.";
        "Come back after `Retry-After`; `/readyz` says more to those who run the server.";

    NEEDS_ACTION = "log-unusable", SERVICE_UNAVAILABLE:
        "the log cannot be used as it is";
        "The database answers, and somebody has to do something before the log can be used.";
        "The detail says what.";

    BUSY = "log-busy", SERVICE_UNAVAILABLE passing:
        "the log is busy";
        "More rows wait to be written than the server keeps. None of these was written.";
        "Send them again after `Retry-After`.";

    NOT_FOLLOWED = "log-not-followed", SERVICE_UNAVAILABLE passing:
        "the log is not followed";
        "The server begins or ends, and has no streams meanwhile.";
        "Come back after `Retry-After` with the same id.";

    NOT_READY = "not-ready", SERVICE_UNAVAILABLE passing:
        "the server is not ready";
        "Pages, streams or writes are not as they should be. Without `Retry-After` somebody has to act first.";
        "Send requests elsewhere. The detail says more to those who have the right `operate`.";

    PAGES = "too-many-pages", SERVICE_UNAVAILABLE passing:
        "too many pages are being read";
        "Pages that are read, or that clients have not taken yet, need all the memory there is for them.";
        "Come back after `Retry-After`, or ask for fewer rows (`limit`).";

    SNAPSHOT = "snapshot-gone", SERVICE_UNAVAILABLE:
        "the moment cannot be read any longer";
        "The database no longer has the moment as of which the export began.";
        "Go on with `next`, whose rows are of a later moment, or begin again without a cursor.";

    UPLOADS = "too-many-uploads", SERVICE_UNAVAILABLE passing:
        "too much is being sent";
        "Bodies that are being sent take all the memory there is for them. Nothing was written.";
        "Send it again after `Retry-After`.";

    SLOW_ANSWER = "answer-timeout", SERVICE_UNAVAILABLE passing:
        "the answer takes too long";
        "There was no answer in time. Rows that were sent may have been written.";
        "Ask again; send rows again under the same `Idempotency-Key`, or with the same ids.";

    LONG_LIST = "list-too-long", SERVICE_UNAVAILABLE:
        "the list is too long";
        "Too many names would have to be looked at for those that the caller may see.";
        "Whoever gives out the rights is to name workspaces by how they begin, as in `etl-*`.";

    UNDECIDED = "access-undecided", SERVICE_UNAVAILABLE passing:
        "nobody can say who may";
        "The service that decides who may does not answer.";
        "Come back after `Retry-After`.";

    NOT_REVOKED = "not-revoked", SERVICE_UNAVAILABLE:
        "it is not taken back for good";
        "What was taken back is so until the server ends, and cannot be written to its file.";
        "Whoever runs the server is to see to the file of `revocations`.";

    REVOCATIONS_FULL = "revocations-full", INSUFFICIENT_STORAGE:
        "too much is taken back already";
        "The list of what was taken back is as long as it may be.";
        "The detail says what makes room.";
}
