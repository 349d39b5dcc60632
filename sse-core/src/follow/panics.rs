//! Code of others that panics.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `run` returns, or the words of its panic. Nothing that it was about to change is looked at
/// after a panic.
pub(crate) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| words(&*panic))
}

/// Panics with the words of a panic of a filter, which are told from those of others.
pub(crate) struct FilterPanic(pub(crate) String);

/// The words of a panic.
pub(crate) fn words(panic: &(dyn Any + Send)) -> String {
    if let Some(FilterPanic(words)) = panic.downcast_ref() {
        return words.clone();
    }
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}
