//! Measures everything in one run and prints it as Markdown.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use sse_bench::PREFACE;
use sse_bench::cases::{self, Case};
use sse_bench::names::{BOUNDS, OURS};
use sse_bench::seen::Seen;
use sse_bench::table::{Cell, Table};

/// Contenders take turns, so that whatever slows the machine for a while slows all of them.
const ROUNDS: usize = 11;

/// How long more rounds are worth it.
const ENOUGH: Duration = Duration::from_secs(2);

/// A contender that takes as long for an event runs once.
const SLOW: f64 = 5e7;

fn main() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    let machine = machine();
    let allocations = count_allocations();
    calm_allocator();
    let mut tables: Vec<(String, Table)> = Vec::new();
    for case in cases::all() {
        if !format!("{} / {}", case.table, case.name).contains(&filter) {
            continue;
        }
        eprintln!("{} / {}", case.table, case.name);
        if tables.last().is_none_or(|(name, _)| *name != case.table) {
            tables.push((case.table.clone(), Table::default()));
        }
        let Some((_, table)) = tables.last_mut() else { continue };
        for (contender, Measured { time, ratio, seen }) in
            case.contenders.iter().zip(measure(&case))
        {
            let key = (case.table.clone(), case.name.clone(), contender.name.to_owned());
            let allocations = allocations.get(&key).copied().unwrap_or(f64::NAN);
            // The bounds do other work.
            let bound = BOUNDS.contains(&contender.name);
            let right = bound || case.expected.is_none_or(|expected| expected == seen);
            let cell = Cell { time, ratio, allocations, right };
            table.add(&case.name, contender.name, cell);
        }
    }
    println!("{PREFACE}\n{machine}\n\n### At a glance\n");
    println!("| work | ours, ns | fastest other, ns | times ours |\n| --- | --: | --- | --: |");
    for (name, table) in &tables {
        for (case, best) in table.best() {
            println!("| {name}, {case} | {best} |");
        }
    }
    for (name, table) in tables {
        println!("\n### {name}\n\n{table}");
    }
}

struct Measured {
    /// The median, in nanoseconds an event.
    time: f64,
    /// The median of how many times ours it was in the same round.
    ratio: f64,
    seen: Seen,
}

fn measure(case: &Case) -> Vec<Measured> {
    let mut samples = vec![Vec::new(); case.contenders.len()];
    let mut seen = vec![Seen::default(); case.contenders.len()];
    let start = Instant::now();
    for round in 0.. {
        if round >= ROUNDS && start.elapsed() > ENOUGH {
            break;
        }
        for (at, contender) in case.contenders.iter().enumerate() {
            if samples[at].first().is_some_and(|first| *first > SLOW) {
                continue;
            }
            let begin = Instant::now();
            seen[at] = (contender.run)();
            samples[at].push(begin.elapsed().as_nanos() as f64 / case.events as f64);
        }
    }
    let ours = case.contenders.iter().position(|contender| contender.name == OURS);
    let ours = &samples[ours.expect("we contend in every case")];
    let measured = samples.iter().zip(seen).map(|(times, seen)| {
        let ratio = median(times.iter().zip(ours).map(|(time, ours)| time / ours));
        Measured { time: median(times.iter().copied()), ratio, seen }
    });
    measured.collect()
}

fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut numbers: Vec<_> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
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

/// Has the allocator of the C library keep large blocks, as it does in a process that has run for a
/// while; else whoever comes first pays for pages that the others find.
fn calm_allocator() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(30 * 1024 * 1024)));
}

fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name\t: "));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let rustc = Command::new("rustc").arg("--version").output();
    let rustc = rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().filter(|load| !load.is_empty()).unwrap_or("unknown");
    format!(
        "Machine: {}, {cores} cores; {}; load before the run: {load}.",
        model.unwrap_or("unknown"),
        rustc.unwrap_or_else(|_| "unknown compiler".to_owned())
    )
}
