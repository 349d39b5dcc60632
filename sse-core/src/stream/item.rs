//! What a stream of events may yield.

use std::error::Error;

use crate::wire::{Encoded, Event};

/// An error of any kind, boxed: streams carry those of their source without knowing them.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// An item of a stream that an [`EventStream`](crate::EventStream) can carry: an [`Event`], an
/// [`Encoded`] one, text (the data of an event), or a `Result` of one of them, whose error ends the
/// stream.
///
/// ```
/// use gapless_sse_core::{Event, IntoEncoded};
///
/// let parsed: Result<Event, std::num::ParseIntError> = "x".parse().map(|n: u8| Event::new(n.to_string()));
/// assert_eq!(Event::new("7").into_encoded()?.as_ref(), b"data: 7\n\n");
/// assert!(parsed.into_encoded().is_err());
/// # Ok::<(), gapless_sse_core::BoxError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a stream of events cannot yield `{Self}`",
    label = "yields `{Self}`",
    note = "yield `Event`, `Encoded`, `String` or `&str`, or a `Result` of one of them whose error \
            converts into `Box<dyn Error + Send + Sync>`; `try_events` takes any other error; bytes that \
            are encoded already go to `Sse::from_bytes` (axum) or `reply_bytes` (warp)"
)]
pub trait IntoEncoded {
    /// The bytes of the event.
    ///
    /// # Errors
    ///
    /// That of the stream, where the item is one.
    fn into_encoded(self) -> Result<Encoded, BoxError>;
}

impl IntoEncoded for Encoded {
    #[inline]
    fn into_encoded(self) -> Result<Encoded, BoxError> {
        Ok(self)
    }
}

impl IntoEncoded for Event<'_> {
    #[inline]
    fn into_encoded(self) -> Result<Encoded, BoxError> {
        Ok(self.into())
    }
}

impl IntoEncoded for &str {
    fn into_encoded(self) -> Result<Encoded, BoxError> {
        Event::new(self).into_encoded()
    }
}

impl IntoEncoded for String {
    fn into_encoded(self) -> Result<Encoded, BoxError> {
        Event::new(self).into_encoded()
    }
}

impl<T: IntoEncoded, E: Into<BoxError>> IntoEncoded for Result<T, E> {
    #[inline]
    fn into_encoded(self) -> Result<Encoded, BoxError> {
        self.map_err(Into::into)?.into_encoded()
    }
}
