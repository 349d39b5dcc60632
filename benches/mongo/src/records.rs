//! The records that are written.

use std::time::{SystemTime, UNIX_EPOCH};

use bson::{DateTime, Document, doc};

pub const WORKSPACE: &str = "bench";
pub const WORKFLOWS: usize = 20;

/// Nanoseconds since 1970.
pub fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_nanos()).unwrap_or(i64::MAX)
}

pub fn workflow(nth: usize) -> String {
    format!("w{}", nth % WORKFLOWS)
}

/// About 285 bytes of BSON, with the time at which it was made.
pub fn record(nth: usize, workflow: &str) -> Document {
    doc! {
        "workspace_id": WORKSPACE,
        "workflow_id": workflow,
        "date": DateTime::now(),
        "level": if nth % 10 == 0 { "WARNING" } else { "INFO" },
        "type": "step",
        "message": format!("step {nth} of the pipeline has read 212,000 rows and written them on; {:.>60}", nth),
        "t": now(),
        "rows": 212_000,
    }
}
