//! Whose readers are to be woken for what is published.

use std::collections::HashSet;
use std::sync::Arc;

use super::held::Held;
use crate::follow::topic::Topic;

/// The topics of what is published, and their spaces: found before a lock is taken.
#[derive(Debug, Default)]
pub(super) struct Touched {
    topics: HashSet<Topic>,
    spaces: HashSet<Arc<str>>,
    of_all: bool,
}

impl Touched {
    pub(super) fn add<P, M>(&mut self, held: &Held<P, M>) {
        self.of_all |= held.is_of_all();
        for topic in held.topics() {
            if self.topics.contains(topic) {
                continue;
            }
            self.topics.insert(topic.clone());
            if !self.spaces.contains(topic.space()) {
                self.spaces.insert(Arc::clone(topic.shared_space()));
            }
        }
    }

    /// Whether it concerns every reader.
    pub(super) fn is_of_all(&self) -> bool {
        self.of_all
    }

    pub(super) fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.topics.iter()
    }

    pub(super) fn spaces(&self) -> impl Iterator<Item = &Arc<str>> {
        self.spaces.iter()
    }
}
