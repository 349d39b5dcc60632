//! What a ring holds at one place.

use super::publication::{Late, LateWhat, Publication, gap};
use crate::follow::filter::Filter;
use crate::follow::topic::{Scope, Topic};
use crate::wire::{Encoded, EventId};

/// One event, or records that came late together.
#[derive(Debug)]
pub(super) struct Held<P, M> {
    pub(super) position: P,
    pub(super) weight: usize,
    what: What<M>,
}

#[derive(Debug)]
enum What<M> {
    /// Without a topic it is of all of them; without a mark, every filter admits it.
    Event {
        topic: Option<Topic>,
        mark: Option<M>,
        frame: Encoded,
    },
    Late {
        id: EventId,
        records: Vec<(Topic, M, Encoded)>,
    },
}

impl<P, M> Held<P, M> {
    pub(super) fn event<F: Filter<Mark = M>>(event: Publication<P, F>) -> Self {
        let Publication { topic, position, mark, frame, weight } = event;
        Self { position, weight, what: What::Event { topic: Some(topic), mark, frame } }
    }

    /// It stands at `position`, which the log had reached when it was found.
    pub(super) fn late<F: Filter<Mark = M>>(position: P, late: Late<F>) -> Self {
        let weight = late.weight();
        let what = match late.what {
            LateWhat::Records { id, records } => What::Late { id, records },
            LateWhat::Lost { topic, frame } => What::Event { topic, mark: None, frame },
        };
        Self { position, weight, what }
    }

    /// Whether it is of all topics.
    pub(super) fn is_of_all(&self) -> bool {
        matches!(self.what, What::Event { topic: None, .. })
    }

    /// Its topics; one of them may come several times.
    pub(super) fn topics(&self) -> impl Iterator<Item = &Topic> {
        let (one, several) = match &self.what {
            What::Event { topic, .. } => (topic.as_ref(), &[][..]),
            What::Late { records, .. } => (None, &records[..]),
        };
        one.into_iter().chain(several.iter().map(|(topic, ..)| topic))
    }

    /// The space of all of them; none if it is of all topics.
    pub(super) fn space(&self) -> Option<&str> {
        self.topics().next().map(Topic::space)
    }

    pub(super) fn topics_mut(&mut self) -> impl Iterator<Item = &mut Topic> {
        let (one, several) = match &mut self.what {
            What::Event { topic, .. } => (topic.as_mut(), &mut [][..]),
            What::Late { records, .. } => (None, &mut records[..]),
        };
        one.into_iter().chain(several.iter_mut().map(|(topic, ..)| topic))
    }

    /// Whether its event is in the scope of whoever reads its topic, unless a filter leaves it out.
    pub(super) fn is_event(&self) -> bool {
        matches!(self.what, What::Event { .. })
    }

    /// What a reader of `scope` is given of it, in one piece, of those whose marks are admitted.
    pub(super) fn shown<F>(
        &self,
        scope: &Scope<F>,
        mut admits: impl FnMut(&M) -> bool,
    ) -> Option<Encoded> {
        match &self.what {
            What::Event { mark, frame, .. } => {
                mark.as_ref().is_none_or(admits).then(|| frame.clone())
            }
            What::Late { id, records } => {
                let admitted = records
                    .iter()
                    .filter(|(topic, mark, _)| scope.contains(topic) && admits(mark))
                    .map(|(.., frame)| frame.clone());
                let mut frames: Vec<_> = admitted.collect();
                let count = frames.len();
                (count > 0).then(|| {
                    frames.insert(0, gap(count, id.clone()));
                    Encoded::merge(&frames)
                })
            }
        }
    }
}
