//! The language of searches: these files of the log server alone, without all that it is built of.

#[allow(dead_code, reason = "the log server takes more of it")]
#[path = "../../examples/log-server/src/search/language/mod.rs"]
mod language;
#[allow(dead_code, reason = "the log server takes more of it")]
#[path = "../../examples/log-server/src/search/terms.rs"]
pub mod terms;

pub use language::Misread;
