//! What happens to records after they were inserted.

/// What happens to records that were inserted before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    Updated,
    Replaced,
    Deleted,
}
