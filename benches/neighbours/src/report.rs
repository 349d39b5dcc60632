//! What was measured, as a section of Markdown.

use std::fmt::Write;
use std::time::Duration;

use crate::probe::Probes;

/// One store's figures.
pub struct Table {
    store: &'static str,
    rows: String,
}

impl Table {
    pub fn new(store: &'static str) -> Self {
        Self { store, rows: String::new() }
    }

    pub fn add(&mut self, beside: &str, probes: Probes, memory: Option<u64>, told: String) {
        let Probes { health, page, line, failed } = probes;
        let memory = memory.map_or("–".to_owned(), |bytes| format!("{}", bytes >> 20));
        let _ = writeln!(
            self.rows,
            "| {beside} | {} | {} | {} | {failed} | {memory} | {told} |",
            figures(&health),
            figures(&page),
            figures(&line),
        );
        eprint!("{}", self.rows.lines().last().map(|row| format!("{row}\n")).unwrap_or_default());
    }
}

/// The median and the 99th percentile, in milliseconds.
fn figures(times: &[Duration]) -> String {
    let at = |quantile: f64| {
        let rank = (times.len() as f64 * quantile).ceil() as usize;
        let time = times.get(rank.saturating_sub(1)).copied().unwrap_or_default();
        format!("{:.1}", time.as_secs_f64() * 1e3)
    };
    format!("{} | {}", at(0.5), at(0.99))
}

pub fn markdown(machine: &str, seconds: usize, tables: &[Table]) -> String {
    let mut text = format!(
        "## Neighbours\n\nWhat one client of the log server notices of what others do to it:\n\n\
         ```sh\ncargo xtask bench neighbours\n```\n\n\
         The server is the program as it is shipped, with its defaults. Once a second for {seconds} \
         seconds, a client asks for `/healthz` and for a page of 100 lines, and sends a line that \
         it waits for on an open stream (to MongoDB, the line is inserted by the service that writes the \
         collection): first alone, then beside each load. Server, database and \
         load share the machine; the load has the lowest priority. Memory is the most that the \
         server has had beyond what it had before, in MiB; its ring of the newest lines, 64 MiB, \
         is part of it.\n\n{machine}\n"
    );
    for Table { store, rows } in tables {
        let _ = write!(
            text,
            "\n### {store}\n\n| beside | `/healthz` p50, ms | p99 | page p50, ms | p99 | line p50, \
             ms | p99 | failed | memory, MiB | what the load was told |\n\
             | --- | --: | --: | --: | --: | --: | --: | --: | --: | --- |\n{rows}"
        );
    }
    text
}
