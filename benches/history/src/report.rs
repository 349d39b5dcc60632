//! What was measured, as a section of Markdown.

use std::fmt::Write;
use std::time::Duration;

use crate::question::Question;

/// Who was asked, in the order of their columns.
pub struct Table {
    pub title: String,
    pub asked: Vec<&'static str>,
    pub notes: Vec<String>,
    rows: String,
}

/// How long it took each time, and in how many requests; nothing if it cannot be asked.
pub type Figure = Option<(Vec<Duration>, usize)>;

impl Table {
    pub fn new(title: &str, asked: Vec<&'static str>) -> Self {
        Self { title: title.to_owned(), asked, notes: Vec::new(), rows: String::new() }
    }

    pub fn add(&mut self, question: Question, figures: Vec<Figure>) {
        let cells: Vec<_> = figures.into_iter().map(cell).collect();
        let row = format!("| {} | {} |", question.title(), cells.join(" | "));
        eprintln!("{row}");
        let _ = writeln!(self.rows, "{row}");
    }
}

/// The median, and the longest in brackets.
fn cell(figure: Figure) -> String {
    let Some((mut times, requests)) = figure else { return "–".to_owned() };
    times.sort_unstable();
    let (median, most) = (times[times.len() / 2], times[times.len() - 1]);
    let text = format!("{} ({})", milliseconds(median), milliseconds(most));
    if requests > 1 { format!("{text}, {requests} requests") } else { text }
}

fn milliseconds(time: Duration) -> String {
    let time = time.as_secs_f64() * 1e3;
    if time < 100.0 { format!("{time:.1}") } else { format!("{time:.0}") }
}

pub fn markdown(machine: &str, rows: usize, tables: &[Table]) -> String {
    let mut text = format!(
        "## Looking through history\n\nHow long the log server takes to find what is in {rows} rows \
         of one workflow, and in as many of 10,000 workflows, beside the shell's tools on the same \
         rows as lines of text, and beside the driver's own cursor:\n\n\
         ```sh\ncargo xtask bench history\n```\n\n\
         Milliseconds over a new connection of loopback: the median of the rounds, and the longest \
         in brackets; whoever is asked takes turns. What was found is read to its end. Of rows that \
         take several requests, it is the time of all of them.\n\n{machine}\n"
    );
    for Table { title, asked, notes, rows } in tables {
        let columns = asked.join(" | ");
        let lines = vec!["--:"; asked.len()].join(" | ");
        let _ = write!(text, "\n### {title}\n\n| | {columns} |\n| --- | {lines} |\n{rows}\n");
        for note in notes {
            let _ = writeln!(text, "{note}");
        }
    }
    text
}
