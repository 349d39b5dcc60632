//! Which records of its topics a stream shows.

use std::fmt::Debug;
use std::hash::Hash;

/// Which records of its topics a stream shows.
///
/// An event is encoded once for all streams, before it is known which of them show it. So a filter
/// looks at the mark that was kept of the record, and not at the record itself. Streams with equal
/// filters share the bytes that are merged for them, and each of these asks
/// [`admits`](Self::admits) once of each record.
///
/// It is asked by the streams themselves, in steps of some hundred microseconds with other work
/// between them: one that takes long delays its own streams. One that panics ends its own.
///
/// ```
/// use gapless_sse_core::follow::Filter;
///
/// #[derive(Clone, Debug, PartialEq, Eq, Hash)]
/// struct AtLeast(u8);
///
/// impl Filter for AtLeast {
///     type Mark = u8; // a level
///
///     fn admits(&self, level: &u8) -> bool {
///         *level >= self.0
///     }
/// }
/// assert!(AtLeast(2).admits(&3) && !AtLeast(2).admits(&1));
/// ```
pub trait Filter: Clone + Eq + Hash + Debug + Send + Sync + Unpin + 'static {
    /// What is kept of each record, as long as its event is: make it small.
    type Mark: Debug + Send + Sync + 'static;

    /// Whether the record with this mark is shown.
    fn admits(&self, mark: &Self::Mark) -> bool;

    /// Whether every record is shown, whatever its mark: then [`admits`](Self::admits) is not asked
    /// of each, and the stream costs no more than one without a filter.
    fn admits_all(&self) -> bool {
        false
    }

    /// How many bytes a mark takes, with what it points to: they count for the memory of a ring.
    fn weight(mark: &Self::Mark) -> usize {
        size_of_val(mark)
    }
}

/// Shows every record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Everything;

impl Filter for Everything {
    type Mark = ();

    fn admits(&self, (): &()) -> bool {
        true
    }

    fn admits_all(&self) -> bool {
        true
    }
}
