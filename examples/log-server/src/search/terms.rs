//! What to look for, as it was asked.

use std::cmp::Ordering;

use jiff::Timestamp;

/// What to look for, as it was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Terms {
    /// One of these levels; see [`Level`](super::Level).
    pub levels: Vec<String>,
    /// Exactly one of these types.
    pub types: Vec<String>,
    /// A message with each of these texts in it; case counts in one that has a capital letter.
    pub texts: Vec<String>,
    /// A message in which each of these patterns is found, in the syntax of the `regex` crate; the
    /// edges of words (`\b`) are those of ASCII.
    pub regexes: Vec<String>,
    /// Tests of fields, which are all to hold. Paths have letters, digits, `_`, `-` and `@`, with
    /// dots between.
    pub fields: Vec<FieldTest>,
    /// What is not to be so.
    pub without: Without,
    /// A date from this one on.
    pub from: Option<Timestamp>,
    /// A date before this one.
    pub to: Option<Timestamp>,
}

impl Terms {
    /// Both: all that either says is to hold.
    ///
    /// # Errors
    ///
    /// What both say of which there is only one: what is looked for in `level`, `type`, `from` or
    /// `to`.
    pub fn and(self, other: Self) -> Result<Self, &'static str> {
        let without = Without {
            levels: [self.without.levels, other.without.levels].concat(),
            types: [self.without.types, other.without.types].concat(),
            texts: [self.without.texts, other.without.texts].concat(),
            regexes: [self.without.regexes, other.without.regexes].concat(),
        };
        Ok(Self {
            levels: one_of(self.levels, other.levels, "level")?,
            types: one_of(self.types, other.types, "type")?,
            texts: [self.texts, other.texts].concat(),
            regexes: [self.regexes, other.regexes].concat(),
            fields: [self.fields, other.fields].concat(),
            without,
            from: one_of(self.from, other.from, "from")?,
            to: one_of(self.to, other.to, "to")?,
        })
    }

    /// Whether there is nothing of which a table has to be made.
    pub(super) fn has_no_patterns(&self) -> bool {
        let Self { texts, regexes, without, .. } = self;
        [texts, regexes, &without.texts, &without.regexes].into_iter().all(Vec::is_empty)
    }
}

fn one_of<T: Default + PartialEq>(one: T, other: T, name: &'static str) -> Result<T, &'static str> {
    if other == T::default() {
        Ok(one)
    } else if one == T::default() {
        Ok(other)
    } else {
        Err(name)
    }
}

/// What a row is not to be. A row whose level or type nobody knows is none of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Without {
    /// Any of these levels.
    pub levels: Vec<String>,
    /// Any of these types.
    pub types: Vec<String>,
    /// A message with any of these texts in it.
    pub texts: Vec<String>,
    /// A message in which any of these patterns is found.
    pub regexes: Vec<String>,
}

/// What a field of a row is to be, such as `details.rows>100`.
///
/// Where both are numbers, they are compared as numbers, and a text is equal to the same text. A
/// number is before and after numbers only; any other value is before and after texts only, by
/// their bytes. Of a list, one of its values is to be so. A field that is missing, `null`, or twice
/// in the row is nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldTest {
    /// The field, as a path with dots.
    pub path: Box<str>,
    /// How it is compared.
    pub is: Comparison,
    /// With what, as text.
    pub value: Box<str>,
}

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`, which holds wherever `=` does not: also of a row without the field.
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Comparison {
    /// All of them, those first that others begin with.
    pub(super) const ALL: [Self; 6] =
        [Self::NotEqual, Self::AtMost, Self::AtLeast, Self::Equal, Self::Less, Self::Greater];

    /// How it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }

    /// Whether it holds of what compares so with the value.
    pub(super) fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }

    /// What holds where this one does not, if both are known.
    pub(super) fn opposite(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::AtLeast,
            Self::AtMost => Self::Greater,
            Self::Greater => Self::AtMost,
            Self::AtLeast => Self::Less,
        }
    }
}

/// The most bytes of a path, and the most names of it.
const LONGEST_PATH: usize = 200;
const DEEPEST_PATH: usize = 16;

/// Whether it is the path of a field: names of letters, digits, `_`, `-` and `@`, with dots between.
pub(super) fn is_path(path: &str) -> bool {
    let named = |name: &str| !name.is_empty() && name.chars().all(is_of_name);
    path.len() <= LONGEST_PATH
        && path.split('.').count() <= DEEPEST_PATH
        && path.split('.').all(named)
}

pub(super) fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || "_-@".contains(letter)
}
