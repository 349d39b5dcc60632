//! The parameters of requests, as the description of the server has them.
#![allow(dead_code, reason = "they are described, and read as `Parameters`")]

use utoipa::IntoParams;

/// What all paths take that look for rows: all that it says is to hold.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Terms {
    /// A search in words, as in `level=error -type=stage timeout`; it takes all that the other
    /// parameters can say.
    search: Option<String>,
    /// One of these levels: `DEBUG`, `INFO`, `WARNING`, `ERROR`, `CRITICAL`, in upper or lower case,
    /// several with commas between them or one by one.
    #[param(example = json!(["WARNING,ERROR"]))]
    level: Option<Vec<String>>,
    /// None of these levels.
    #[param(rename = "-level")]
    without_level: Option<Vec<String>>,
    /// This type, or one of these.
    r#type: Option<Vec<String>>,
    /// None of these types.
    #[param(rename = "-type")]
    without_type: Option<Vec<String>>,
    /// A text that is in the message; case counts if it has a capital letter.
    q: Option<Vec<String>>,
    /// A text that is not in the message.
    #[param(rename = "-q")]
    without_q: Option<Vec<String>>,
    /// A pattern that is found in the message, in the syntax of the `regex` crate.
    regex: Option<Vec<String>>,
    /// A pattern that is not found in the message.
    #[param(rename = "-regex")]
    without_regex: Option<Vec<String>>,
    /// A date from this one on, as in `2025-09-22T08:54:01Z`, or `-2h`: two hours ago.
    from: Option<String>,
    /// A date before this one, written as `from` is.
    to: Option<String>,
}

/// What a page of rows takes besides.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Page {
    /// The most rows of the page.
    #[param(minimum = 1, maximum = 10_000, default = 1000)]
    limit: Option<u32>,
    /// The `next` of the page before: the same search and order go on behind it.
    cursor: Option<String>,
    /// The newest rows first, or the oldest.
    #[param(inline)]
    order: Option<Order>,
}

/// Which rows come first.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "lowercase", default = "desc")]
pub(in crate::http) enum Order {
    Asc,
    Desc,
}

/// What counting takes besides.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Counts {
    /// How long the stretches of time are for which is counted, from `1s` on, such as `15m` or `1d`;
    /// without it, as long as makes up to 200 of them.
    every: Option<String>,
}

/// How much stands around a row.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Context {
    /// How many rows before it.
    #[param(minimum = 0, maximum = 1000, default = 20)]
    before: Option<u32>,
    /// How many rows behind it.
    #[param(minimum = 0, maximum = 1000, default = 20)]
    after: Option<u32>,
}

/// What an export takes besides.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Export {
    /// How the rows are written.
    #[param(pattern = "^(ndjson|csv|text)$", default = "ndjson")]
    format: Option<String>,
    /// The columns of `format=csv`: 1 to 100 names of fields with commas between, as in
    /// `date,message,details.rows`.
    columns: Option<String>,
    /// A `next` of an export that was cut, or that ended early: the same search and order go on
    /// behind it.
    cursor: Option<String>,
    /// The oldest rows first, or the newest.
    #[param(pattern = "^(asc|desc)$", default = "asc")]
    order: Option<String>,
}

/// What a stream takes besides.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Stream {
    /// Where the stream begins: an id of an event, or the `stream_position` of a page.
    after: Option<String>,
    /// How many of the newest rows come first to a client that brings no id: a whole number up to
    /// 10000, or `all`.
    #[param(pattern = "^([0-9]{1,4}|10000|all)$", default = "1000")]
    history: Option<String>,
    /// The last id that the client has seen, from a client that cannot set the header of this name.
    /// Of several, the last one counts.
    #[param(rename = "lastEventId")]
    last_event_id: Option<Vec<String>>,
}

/// The header of clients that come back.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(in crate::http) struct LastEventId {
    /// The last id that the client has seen: the stream goes on right behind it. Browsers send it by
    /// themselves. It counts before `lastEventId` and `after`.
    #[param(rename = "Last-Event-ID")]
    last_event_id: Option<String>,
}

/// What a list of names takes.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct List {
    /// The most names.
    #[param(minimum = 1, maximum = 10_000, default = 1000)]
    limit: Option<u32>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// How rows are sent.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(in crate::http) struct Sent {
    /// A name of the request, of its own: sent again under it, nothing is written twice.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 122,
        pattern = "^[A-Za-z0-9_.:~/+=@-]+$"
    )]
    idempotency_key: Option<String>,
    /// `gzip`, if the body is packed.
    #[param(rename = "Content-Encoding", pattern = "^(gzip|x-gzip|identity)?$")]
    content_encoding: Option<String>,
}
