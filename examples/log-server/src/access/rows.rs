//! Which rows a caller may see, of those that he may see at all.

/// A field that is to have a value, such as `owner` that of the caller's own name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowRule {
    /// The field, as a path with dots.
    pub field: Box<str>,
    /// What it is to be, as text; a number or `true` in a row is compared by how JSON writes it.
    pub value: Box<str>,
}

/// Rules that are all to hold, on every page, stream, count, list and export.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowRules(pub Vec<RowRule>);
