//! Measures everything in one run and prints it as Markdown.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Instant;

use sse_bench::cases::{self, Case};
use sse_bench::table::{Cell, Table};
use sse_bench::{PREFACE, Seen};

/// Contenders take turns, so that whatever slows the machine for a while slows all of them.
const ROUNDS: usize = 11;

/// A contender that takes as long for an event runs once.
const SLOW: f64 = 5e7;

fn main() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    let allocations = count_allocations();
    let mut tables: Vec<(&str, Table)> = Vec::new();
    for case in cases::all() {
        if !format!("{} / {}", case.table, case.name).contains(&filter) {
            continue;
        }
        eprintln!("{} / {}", case.table, case.name);
        if tables.last().is_none_or(|(name, _)| *name != case.table) {
            tables.push((case.table, Table::default()));
        }
        let Some((_, table)) = tables.last_mut() else { continue };
        for (contender, (time, seen)) in case.contenders.iter().zip(measure(&case)) {
            let key = (case.table.to_owned(), case.name.clone(), contender.name.to_owned());
            let counted = allocations.get(&key).copied().unwrap_or(f64::NAN);
            // The bounds do other work.
            let bound = contender.name.contains("mem");
            let right = bound || case.expected.is_none_or(|expected| expected == seen);
            table.add(&case.name, contender.name, Cell { time, allocations: counted, right });
        }
    }
    println!("{PREFACE}\n{}", machine());
    for (name, table) in tables {
        println!("\n## {name}\n\n{table}");
    }
}

/// The median time of each contender, and what it made of its input.
fn measure(case: &Case) -> Vec<(f64, Seen)> {
    let mut samples = vec![Vec::new(); case.contenders.len()];
    let mut seen = vec![Seen::default(); case.contenders.len()];
    for _ in 0..ROUNDS {
        for (at, contender) in case.contenders.iter().enumerate() {
            if samples[at].first().is_some_and(|first| *first > SLOW) {
                continue;
            }
            let begin = Instant::now();
            seen[at] = (contender.run)();
            samples[at].push(begin.elapsed().as_nanos() as f64 / case.events as f64);
        }
    }
    let medians = samples.into_iter().map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    });
    medians.zip(seen).collect()
}

/// Allocations an event, by table, case and contender: counted by a program of its own, since
/// counting takes time.
fn count_allocations() -> BTreeMap<(String, String, String), f64> {
    eprintln!("counting allocations");
    let program = std::env::current_exe().expect("a path").with_file_name("allocations");
    let output = Command::new(program).output().expect("cargo builds it beside this one");
    let lines = String::from_utf8(output.stdout).expect("text");
    let counted = lines.lines().map(|line| {
        let [table, case, contender, count, events] =
            line.split('\t').collect::<Vec<_>>().try_into().expect("five fields");
        let count = count.parse::<f64>().expect("a number") / events.parse::<f64>().expect("one");
        ((table.to_owned(), case.to_owned(), contender.to_owned()), count)
    });
    counted.collect()
}

fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name\t: "));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let rustc = Command::new("rustc").arg("--version").output();
    let rustc = rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    format!(
        "Machine: {}, {cores} cores; {}.",
        model.unwrap_or("unknown"),
        rustc.unwrap_or_else(|_| "unknown compiler".to_owned())
    )
}
