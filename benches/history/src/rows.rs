//! The rows that are looked through: made-up, and the same each time.

use std::fmt::Write;

/// One long log.
pub const LONG: &str = "long";
/// The workspace of it.
pub const ONE: &str = "one";
/// The workspace of many short ones.
pub const MANY: &str = "many";
/// How many workflows that one has.
pub const WORKFLOWS: usize = 10_000;
/// A word that one row in a million has.
pub const RARE_WORD: &str = "zebrafish";
/// A level that one row in a million has.
pub const RARE_LEVEL: &str = "CRITICAL";

/// When the first row was written, in milliseconds since 1970, and how long after it each other one.
const FIRST: i64 = 1_750_000_000_000;
const APART: i64 = 10;

const WORDS: [&str; 32] = [
    "extract",
    "batch",
    "orders",
    "warehouse",
    "wrote",
    "lake",
    "partition",
    "customers",
    "retry",
    "lease",
    "shard",
    "merge",
    "schema",
    "column",
    "upsert",
    "staging",
    "vacuum",
    "offset",
    "commit",
    "replay",
    "window",
    "join",
    "spill",
    "flush",
    "checkpoint",
    "manifest",
    "snapshot",
    "bucket",
    "stream",
    "cursor",
    "index",
    "queue",
];
const TYPES: [&str; 5] = ["stage", "log", "task", "io", "audit"];

/// One row.
pub struct Row {
    pub workflow: String,
    /// In milliseconds since 1970.
    pub date: i64,
    pub level: &'static str,
    pub kind: &'static str,
    pub message: String,
}

impl Row {
    /// The row of this number of the long log of `all` rows.
    pub fn of_one(nth: usize, all: usize) -> Self {
        Self::new(LONG.to_owned(), nth, is_rare(nth, all))
    }

    /// The row of this number of all the short ones, whose workflows take turns.
    pub fn of_many(nth: usize) -> Self {
        Self::new(workflow(nth % WORKFLOWS), nth, false)
    }

    fn new(workflow: String, nth: usize, rare: bool) -> Self {
        let mut state = nth as u64;
        let mut random = || {
            // splitmix64
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        let level = match random() % 100 {
            _ if rare => RARE_LEVEL,
            0 => "ERROR",
            1..5 => "WARNING",
            5..20 => "DEBUG",
            _ => "INFO",
        };
        let kind = TYPES[(random() % 5) as usize];
        let mut message = String::new();
        for _ in 0..12 {
            let _ = write!(message, "{} ", WORDS[(random() % 32) as usize]);
        }
        if rare {
            let _ = write!(message, "{RARE_WORD} ");
        }
        let _ = write!(message, "{:08x} took {} ms", random() as u32, random() % 10_000);
        Self { workflow, date: FIRST + APART * nth as i64, level, kind, message }
    }

    /// As it is posted.
    pub fn json(&self, to: &mut String) {
        let Self { date, level, kind, message, .. } = self;
        let _ = writeln!(
            to,
            r#"{{"date":"{}","level":"{level}","type":"{kind}","message":"{message}"}}"#,
            date_text(*date)
        );
    }

    /// As it stands in a file of text.
    pub fn text(&self, to: &mut String) {
        let Self { workflow, date, level, kind, message } = self;
        let _ = writeln!(to, "{} {workflow} {level} [{kind}] {message}", date_text(*date));
    }
}

/// The two rows in two million that are rare.
fn is_rare(nth: usize, all: usize) -> bool {
    nth == all / 3 || nth == 2 * all / 3
}

pub fn workflow(nth: usize) -> String {
    format!("job-{nth:05}")
}

/// RFC 3339, by the days of the Gregorian calendar.
fn date_text(milliseconds: i64) -> String {
    let date = bson::DateTime::from_millis(milliseconds);
    date.try_to_rfc3339_string().unwrap_or_default()
}
