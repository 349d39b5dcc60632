//! What a hub has published, as a plain list, and what of it is for whom.

use gapless_sse_core::follow::internals::{Late, LateRecord, Publication};
use gapless_sse_core::follow::{Filter, Scope, Topic};
use gapless_sse_core::{Encoded, Event, EventId};

/// The words of a filter that panics, which is what some of them are for.
pub const WORDS: &str = "a filter that fails";

/// Which positions a reader is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shown {
    /// All, and it says so.
    All,
    /// All but those that are multiples of 3.
    Some,
    /// None.
    None,
    /// As `Some`; multiples of 5 panic.
    Panics,
}

impl Shown {
    /// One of them.
    #[must_use]
    pub fn nth(nth: u8) -> Self {
        [Self::All, Self::Some, Self::None, Self::Panics][usize::from(nth % 4)]
    }

    /// Whether it is shown; none if that panics.
    fn verdict(self, position: u32) -> Option<bool> {
        match self {
            Self::All => Some(true),
            Self::None => Some(false),
            Self::Panics if position.is_multiple_of(5) => None,
            Self::Some | Self::Panics => Some(!position.is_multiple_of(3)),
        }
    }
}

impl Filter for Shown {
    type Mark = u32;

    fn admits(&self, position: &u32) -> bool {
        self.verdict(*position).expect(WORDS)
    }

    fn admits_all(&self) -> bool {
        *self == Self::All
    }
}

/// Something at one place of the log.
#[derive(Debug)]
pub struct Published {
    /// Where it stands.
    pub position: u32,
    what: What,
}

#[derive(Debug)]
enum What {
    Event(Topic),
    /// Records of these topics, which came late and together.
    Late(Vec<Topic>),
    /// A record of this topic, or of any.
    Lost(Option<Topic>),
}

/// What a reader is shown of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing, for its filter leaves it out.
    LeftOut,
    /// This.
    Frame(Encoded),
    /// Nothing, for its filter panics.
    Panic,
}

impl Published {
    /// An event of this topic.
    #[must_use]
    pub fn event(position: u32, topic: Topic) -> Self {
        Self { position, what: What::Event(topic) }
    }

    /// Records of these topics, which came late.
    #[must_use]
    pub fn late(position: u32, topics: Vec<Topic>) -> Self {
        Self { position, what: What::Late(topics) }
    }

    /// A record of this topic, or of any, which cannot be shown.
    #[must_use]
    pub fn lost(position: u32, topic: Option<Topic>) -> Self {
        Self { position, what: What::Lost(topic) }
    }

    /// What a hub is to publish of it, in order or behind everything else.
    ///
    /// # Panics
    ///
    /// Never: a number is an id.
    #[must_use]
    pub fn publication(&self) -> Result<Publication<u32, Shown>, Late<Shown>> {
        let Self { position, what } = self;
        let id = || EventId::new(position.to_string()).expect("digits");
        match what {
            What::Event(topic) => {
                Ok(Publication::new(topic.clone(), *position, *position, self.frame()))
            }
            What::Lost(Some(topic)) => Ok(Publication::lost(topic.clone(), *position, id())),
            What::Lost(None) => Err(Late::lost(None, 1)),
            What::Late(topics) => {
                let record =
                    |topic: &Topic| LateRecord::new(topic.clone(), *position, self.frame());
                Err(Late::new(id(), topics.iter().map(record).collect()))
            }
        }
    }

    /// What a reader of `scope` is shown of it; none if it is of other topics.
    #[must_use]
    pub fn seen(&self, scope: &Scope<Shown>) -> Option<Seen> {
        let filtered = |frame: Encoded| match scope.filter().verdict(self.position) {
            Some(true) => Seen::Frame(frame),
            Some(false) => Seen::LeftOut,
            None => Seen::Panic,
        };
        match &self.what {
            What::Event(topic) => scope.contains(topic).then(|| filtered(self.frame())),
            What::Lost(topic) => {
                let is_in = topic.as_ref().is_none_or(|topic| scope.contains(topic));
                let id = topic.as_ref().map(|_| self.position);
                is_in.then(|| Seen::Frame(gap("lost", 1, id)))
            }
            What::Late(topics) => {
                let count = topics.iter().filter(|topic| scope.contains(topic)).count();
                let records = std::iter::repeat_n(self.frame(), count);
                let frames: Vec<_> =
                    [gap("late", count, Some(self.position))].into_iter().chain(records).collect();
                (count > 0).then(|| filtered(Encoded::merge(&frames)))
            }
        }
    }

    fn frame(&self) -> Encoded {
        Encoded::from(Event::new(self.position.to_string()))
    }
}

fn gap(what: &str, count: usize, id: Option<u32>) -> Encoded {
    let event = Event::new(format!("{{\"{what}\":{count}}}")).event("gap").expect("one line");
    match id {
        Some(id) => event.id(id).expect("digits").into(),
        None => event.into(),
    }
}
