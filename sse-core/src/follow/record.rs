//! What is followed, as clients are sent it.

use std::sync::Arc;

use super::filter::{Everything, Filter};
use crate::wire::{Encoded, Event};

/// A record that can be sent to clients.
///
/// An [`Event`] is one, and so is any value that is serialised as JSON (`Json`, feature `json`).
///
/// ```
/// use gapless_sse_core::Event;
/// use gapless_sse_core::follow::{Everything, Record};
///
/// struct Price(u32);
///
/// impl Record for Price {
///     type Filter = Everything;
///
///     fn event(&self) -> Event<'_> {
///         Event::new(self.0.to_string())
///     }
///
///     fn mark(&self) {}
/// }
/// ```
pub trait Record: Send + Sync + 'static {
    /// What streams may be filtered by; [`Everything`] for nothing.
    type Filter: Filter;

    /// The event that shows it. The stream sets its id, unless the log keeps those of its records.
    fn event(&self) -> Event<'_>;

    /// What filters look at.
    fn mark(&self) -> <Self::Filter as Filter>::Mark;

    /// The same, kept as long as this event of it: what filters look at may be a part of
    /// [its data](Encoded::data) by reference, and need not be in memory twice.
    fn mark_beside(&self, _event: &Encoded) -> <Self::Filter as Filter>::Mark {
        self.mark()
    }
}

impl Record for Event<'static> {
    type Filter = Everything;

    fn event(&self) -> Event<'_> {
        Event {
            comment: self.comment.as_deref().map(Into::into),
            retry: self.retry,
            event_type: self.event_type.clone(),
            id: self.id.as_deref().map(Into::into),
            data: self.data.as_deref().map(Into::into),
        }
    }

    fn mark(&self) {}
}

impl<R: Record> Record for Arc<R> {
    type Filter = R::Filter;

    fn event(&self) -> Event<'_> {
        R::event(self)
    }

    fn mark(&self) -> <R::Filter as Filter>::Mark {
        R::mark(self)
    }

    fn mark_beside(&self, event: &Encoded) -> <R::Filter as Filter>::Mark {
        R::mark_beside(self, event)
    }
}

/// A value that is sent as JSON, serialised when it is made.
///
/// ```
/// use gapless_sse_core::follow::{Json, Record};
///
/// let progress = Json::new(("orders", 42))?;
/// assert_eq!(progress.text(), r#"["orders",42]"#);
/// assert_eq!(progress.value().1, 42);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[cfg(feature = "json")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json<T> {
    value: T,
    text: Box<str>,
}

#[cfg(feature = "json")]
impl<T: serde::Serialize> Json<T> {
    /// A record that shows `value`.
    ///
    /// # Errors
    ///
    /// When `value` cannot be serialised.
    pub fn new(value: T) -> Result<Self, serde_json::Error> {
        let text = serde_json::to_string(&value)?.into_boxed_str();
        Ok(Self { value, text })
    }
}

#[cfg(feature = "json")]
impl<T> Json<T> {
    /// The value.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The value as JSON, on one line.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Takes the value out.
    pub fn into_value(self) -> T {
        self.value
    }
}

#[cfg(feature = "json")]
impl<T: Send + Sync + 'static> Record for Json<T> {
    type Filter = Everything;

    fn event(&self) -> Event<'_> {
        Event::new(&*self.text)
    }

    fn mark(&self) {}
}
