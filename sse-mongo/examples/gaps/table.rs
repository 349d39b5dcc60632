//! What came of the trials, in words.

use crate::trial::{Outcome, READERS};

/// A row for each reader, a column for each regime.
pub(crate) fn markdown(outcomes: &[Outcome]) -> String {
    let head = outcomes.iter().map(|outcome| outcome.regime.name.to_owned());
    let mut rows = vec![std::iter::once("reader".to_owned()).chain(head).collect::<Vec<_>>()];
    for (nth, reader) in READERS.iter().enumerate() {
        let shares = outcomes.iter().map(|outcome| percent(share(outcome, nth)));
        rows.push(std::iter::once((*reader).to_owned()).chain(shares).collect());
    }
    let widths: Vec<usize> = (0..rows[0].len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for (nth, row) in rows.iter().enumerate() {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        text += &line(cells);
        if nth == 0 {
            let rules = widths.iter().enumerate().map(|(column, width)| {
                let end = if column == 0 { "-" } else { ":" };
                format!("{}{end}", "-".repeat(width - 1))
            });
            text += &line(rules);
        }
    }
    text
}

fn line(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// What the table does not say.
pub(crate) fn notes(outcomes: &[Outcome]) -> String {
    let range = |of: fn(&Outcome) -> usize| {
        let all = || outcomes.iter().map(of);
        format!("{} to {}", all().min().unwrap_or(0), all().max().unwrap_or(0))
    };
    let doubled: usize = outcomes.iter().map(|outcome| outcome.doubled).sum();
    format!(
        "{} documents each; the change stream of gapless-sse-mongo was opened again {} times, at its \
         position, and gave {doubled} documents twice",
        range(|outcome| outcome.written),
        range(|outcome| outcome.reopened),
    )
}

/// What part of the documents a reader never saw.
pub(crate) fn share(outcome: &Outcome, reader: usize) -> f64 {
    // Far fewer than a float can count.
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    number(outcome.lost[reader]) / number(outcome.written.max(1))
}

/// Zero only if it is none.
pub(crate) fn percent(share: f64) -> String {
    match 100.0 * share {
        none if none <= 0.0 => "0".to_owned(),
        few if few < 0.1 => "< 0.1 %".to_owned(),
        some if some < 10.0 => format!("{some:.1} %"),
        many => format!("{many:.0} %"),
    }
}
