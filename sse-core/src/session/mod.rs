//! The lifetime of one response.

mod admission;
mod heartbeat;
mod lifetime;

pub use admission::{Admission, AdmissionLimits, AdmissionStats, Permit, Refused};
pub use heartbeat::Heartbeat;
pub use lifetime::Lifetime;
