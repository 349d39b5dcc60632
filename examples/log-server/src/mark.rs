//! What a row can be found by.

use std::sync::Arc;

use crate::access::RowRules;
pub(crate) use crate::level::Level;
use crate::ruled::Ruled;

/// What of a row it can be found by. The message is kept with it: in memory a row takes its own
/// length and its message's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    pub(crate) level: Option<Level>,
    pub(crate) kind: Box<str>,
    /// What the row says; of what is no text, its JSON.
    pub(crate) message: Box<str>,
    pub(crate) date: Option<i64>,
    /// What rules look at, if there are any.
    pub(crate) ruled: Option<Arc<Ruled>>,
}

impl Mark {
    /// Whether the row is one that these rules show.
    pub(crate) fn meets(&self, rules: &RowRules) -> bool {
        let meets = |rule| self.ruled.as_ref().is_some_and(|ruled| ruled.meet(rule));
        rules.0.iter().all(meets)
    }

    /// How many bytes it takes.
    pub(crate) fn weight(&self) -> usize {
        let ruled = self.ruled.as_ref().map_or(0, |ruled| ruled.weight());
        size_of_val(self) + self.kind.len() + self.message.len() + ruled
    }
}
