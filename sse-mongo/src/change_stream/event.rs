//! One event of a change stream.

use std::borrow::Cow;

use gapless_sse_core::follow::Topic;
use mongodb::bson::{Bson, RawBson, RawBsonRef, RawDocument};

use crate::fields::{Fields, Named};
use crate::position::commit::ClusterTime;
use crate::server::changed::Changed;
use crate::server::error::Error;
use crate::server::operation::Operation;
use crate::topic;

/// What a projection calls what an update has set within others.
pub(super) const SPACE: &str = "space";
pub(super) const NAME: &str = "name";

/// What an event says.
pub(super) enum Event<'a> {
    /// A record was inserted.
    Inserted(&'a RawDocument),
    /// A record was inserted that is too large for an event; its id, unless that is too.
    Large(Option<Bson>),
    /// An update has set a field of a record's topic: from now on, it belongs to that.
    Joined { id: Option<Bson>, set: Box<Set> },
    /// Something else has happened to a record.
    Changed(Changed),
    /// The collection has ended.
    Ended(String),
}

/// The fields of a topic that an update has set.
#[derive(Clone, Default)]
pub(super) struct Set {
    space: Option<Bson>,
    name: Option<Bson>,
}

impl<'a> Event<'a> {
    pub(super) fn of(event: &'a RawDocument, fields: &Fields) -> Self {
        let id = || event.get("id").ok().flatten().and_then(|id| Bson::try_from(id).ok());
        match event.get_str("operationType").unwrap_or_default() {
            "insert" => match event.get_document("fullDocument") {
                Ok(record) => Self::Inserted(record),
                Err(_) => Self::Large(id()),
            },
            "update" => match Set::of(event, fields) {
                Some(set) => Self::Joined { id: id(), set: Box::new(set) },
                None => Self::Changed(Changed::Updated),
            },
            "replace" => Self::Changed(Changed::Replaced),
            "delete" => Self::Changed(Changed::Deleted),
            end => Self::Ended(end.to_owned()),
        }
    }
}

impl Set {
    fn of(event: &RawDocument, fields: &Fields) -> Option<Self> {
        let set = event.get_document("updateDescription").ok();
        let set = set.and_then(|set| set.get_document("updatedFields").ok());
        let value = |named: &Named, alias: &str| {
            let field = named.field()?;
            let set = if field.contains('.') { event.get(alias) } else { set?.get(field) };
            set.ok().flatten().and_then(|value| value.try_into().ok())
        };
        let set = Self { space: value(&fields.space, SPACE), name: value(&fields.name, NAME) };
        (set.space.is_some() || set.name.is_some()).then_some(set)
    }

    /// The topic that the record belonged to by then, which is read later.
    pub(super) fn topic(&self, record: &RawDocument, fields: &Fields) -> Option<Topic> {
        let text = |set: &Option<Bson>, named: &Named| match set {
            Some(value) => {
                let value = RawBson::try_from(value.clone()).ok()?;
                topic::text(value.as_raw_bson_ref()).map(Cow::into_owned)
            }
            None => named.of(record).map(Cow::into_owned),
        };
        Some(Topic::new(text(&self.space, &fields.space)?, text(&self.name, &fields.name)?))
    }
}

pub(super) fn cluster_time(event: &RawDocument) -> Result<ClusterTime, Error> {
    match event.get("clusterTime") {
        Ok(Some(RawBsonRef::Timestamp(time))) => Ok(time.into()),
        _ => Err(Error::Answer { operation: Operation::Changes, what: "clusterTime" }),
    }
}

/// Everything before this time has been handed out with a reply.
pub(super) fn resume_time(reply: &RawDocument) -> Option<ClusterTime> {
    let token = reply.get_document("cursor").ok()?.get_document("postBatchResumeToken").ok()?;
    ClusterTime::of_resume_token(token.get_str("_data").ok()?)
}
