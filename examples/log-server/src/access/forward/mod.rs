//! The service beside this server says who may do what (forward-auth).
//!
//! A `Question` is what a caller brings and what he wants where. The `Service` is asked it over HTTP,
//! by an `Address` with the names in it, and what comes back is read as an `Answer`. The `Memory` keeps
//! answers for their time. [`Forward`] asks only what is not in it, and each question once at a time.

mod address;
mod answer;
mod client;
mod config;
mod flight;
#[expect(clippy::module_inception, reason = "it is what the folder is for")]
mod forward;
mod memory;
mod question;
mod service;
mod sign_in_url;

pub use config::{AnswerHeaders, ForwardAuth, ForwardError, Passed};
pub use forward::Forward;
pub use sign_in_url::{InvalidSignInUrl, SignInUrl};
