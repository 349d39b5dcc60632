//! Real servers for tests and demos: found, fetched, started and ended.
//!
//! - [`Program`] starts a binary, waits for the line that says it is ready, and ends it.
//! - [`Mongod`] starts a MongoDB server or a replica set; [`mongod::find`] says which binary.
//! - [`Flask`] starts the service of examples/flask-etl; [`flask::find`] says with which Python.
//! - [`Example`] starts an example of the package under test.
//! - [`scenarios`] are what examples do that several packages have.
//! - [`schemathesis::find`] says with what a server is held to its description.
//! - [`Visit`] reads the event streams of a program.
//! - [`eventually`] waits for what another process brings about.
//!
//! Everything started here ends with its value, and also when this process is killed and runs no
//! destructor: a watchdog outlives it for just that.
//!
//! ```
//! use std::time::Duration;
//! use testbed::Program;
//!
//! let mut program = Program::start("sh", ["-c", "echo listening on port 80; exec sleep 1000"])?;
//! let place = program.line("listening on ", Duration::from_secs(10))?;
//! assert_eq!(place, "port 80");
//! program.terminate()?;
//! # Ok::<(), testbed::Error>(())
//! ```

mod error;
mod eventually;
mod example;
pub mod flask;
pub mod mongod;
mod port;
mod process;
mod program;
pub mod scenarios;
pub mod schemathesis;
mod visit;
mod watchdog;

pub use error::Error;
pub use eventually::eventually;
pub use example::Example;
pub use flask::Flask;
pub use mongod::Mongod;
pub use port::free_port;
pub use process::is_running;
pub use program::Program;
pub use visit::Visit;
