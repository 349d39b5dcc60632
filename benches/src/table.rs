//! Results as Markdown: a row for each contender, a column for each case.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use crate::names::{BOUNDS, OURS};

/// What was measured of one contender in one case.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// Nanoseconds an event, the median of all runs.
    pub time: f64,
    /// How many times ours that is.
    pub ratio: f64,
    /// Allocations an event.
    pub allocations: f64,
    /// Whether it made of its input what the others made.
    pub right: bool,
}

/// The results of one workload.
#[derive(Default)]
pub struct Table {
    columns: Vec<String>,
    rows: Vec<&'static str>,
    cells: BTreeMap<(usize, usize), Cell>,
}

impl Table {
    /// Adds what a contender did in a case; cases and contenders keep the order in which they come.
    pub fn add(&mut self, column: &str, row: &'static str, cell: Cell) {
        let column = place(&mut self.columns, column.to_owned());
        let row = place(&mut self.rows, row);
        self.cells.insert((row, column), cell);
    }
}

/// Ours in one case, beside the fastest of the others.
pub struct Best {
    pub ours: f64,
    pub name: &'static str,
    pub time: f64,
    pub ratio: f64,
}

impl Display for Best {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ours, name, time, ratio } = *self;
        let mark = if ratio < 1.0 { ", **faster than ours**" } else { "" };
        write!(f, "{} | {name}, {} | {ratio:.2}×{mark}", digits(ours), digits(time))
    }
}

impl Table {
    /// Each case with the fastest other that did the same work.
    pub fn best(&self) -> impl Iterator<Item = (&str, Best)> {
        let ours = self.rows.iter().position(|row| *row == OURS);
        self.columns.iter().enumerate().filter_map(move |(column, case)| {
            let ours = self.cells.get(&(ours?, column))?.time;
            let others = self.rows.iter().enumerate().filter(|(_, name)| !is_ours_or_bound(name));
            let times = others.filter_map(|(row, name)| {
                let cell = self.cells.get(&(row, column)).filter(|cell| cell.right)?;
                Some(Best { ours, name, time: cell.time, ratio: cell.ratio })
            });
            Some((case.as_str(), times.min_by(|a, b| a.ratio.total_cmp(&b.ratio))?))
        })
    }
}

fn is_ours_or_bound(name: &str) -> bool {
    name.starts_with(OURS) || BOUNDS.contains(&name)
}

fn place<T: PartialEq>(all: &mut Vec<T>, one: T) -> usize {
    all.iter().position(|known| *known == one).unwrap_or_else(|| {
        all.push(one);
        all.len() - 1
    })
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| ns an event (times ours), allocations | {} |", self.columns.join(" | "))?;
        writeln!(f, "| --- |{}", " --: |".repeat(self.columns.len()))?;
        for (at, row) in self.rows.iter().enumerate() {
            let row_name = if *row == OURS { format!("**{row}**") } else { (*row).to_owned() };
            write!(f, "| {row_name} |")?;
            for column in 0..self.columns.len() {
                let Some(cell) = self.cells.get(&(at, column)) else {
                    write!(f, " |")?;
                    continue;
                };
                let (time, ratio) = (digits(cell.time), cell.ratio);
                write!(f, " {time} ({ratio:.2}×), {}", digits(cell.allocations))?;
                write!(f, "{} |", if cell.right { "" } else { ", wrong" })?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// Three digits that matter.
fn digits(number: f64) -> String {
    match number {
        0.0 => "0".to_owned(),
        ..10.0 => format!("{number:.2}"),
        ..100.0 => format!("{number:.1}"),
        ..100_000.0 => format!("{number:.0}"),
        _ => format!("{number:.2e}"),
    }
}
