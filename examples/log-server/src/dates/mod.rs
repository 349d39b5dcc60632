//! Dates as services store them: of which kind, and by which clock.

mod format;
mod stored;
mod zone;

pub use format::{DateFormat, InvalidFormat};
pub(crate) use stored::civil;
pub use stored::{InvalidDates, Reading, StoredDates};
pub use zone::{InvalidZone, Zone};
