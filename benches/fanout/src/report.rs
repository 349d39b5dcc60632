//! What was measured, as a section of Markdown.

use crate::measure::{Contender, Measured, Plan};

/// What others are compared to, where it took part.
const STANDARD: &str = "axum";

struct Column {
    heading: &'static str,
    /// What it is divided by.
    unit: f64,
    digits: usize,
    /// Whether to say how many times the standard's it is.
    compared: bool,
    of: fn(&Measured) -> f64,
}

const fn compared(
    heading: &'static str,
    unit: f64,
    digits: usize,
    of: fn(&Measured) -> f64,
) -> Column {
    Column { heading, unit, digits, compared: true, of }
}

const fn alone(
    heading: &'static str,
    unit: f64,
    digits: usize,
    of: fn(&Measured) -> f64,
) -> Column {
    Column { heading, unit, digits, compared: false, of }
}

const MEMORY: &[Column] = &[
    compared("KiB a stream, idle from the start", 1024.0, 2, |round| round.idle),
    compared("KiB a stream, idle after some events", 1024.0, 2, |round| round.used),
    compared("1,000 connects at once, ms", 1e-3, 0, |round| round.connects),
];

const STEADY: &[Column] = &[
    compared("CPU seconds a million deliveries", 1.0, 2, |round| round.cpu),
    compared("p50, ms", 1.0, 2, |round| round.p50),
    compared("p99, ms", 1.0, 2, |round| round.p99),
    alone("bytes an event", 1.0, 0, |round| round.event),
];

const MOST: &[Column] = &[
    compared("deliveries a second", 1.0, 0, |round| round.most),
    alone("CPU of the server, %", 0.01, 0, |round| round.server_load),
    alone("CPU of the clients, %", 0.01, 0, |round| round.our_load),
    alone("left out when overloaded", 1.0, 0, |round| round.lost as f64),
];

pub fn markdown(machine: &str, plan: Plan, contenders: &[Contender]) -> String {
    let Plan { rounds, idle, streams, steady, .. } = plan;
    let (idle, streams) = (number(idle as f64, 0), number(streams as f64, 0));
    let gaps: u64 = sum(contenders, |round| round.gaps);
    let duplicates: u64 = sum(contenders, |round| round.duplicates);
    let mut text = format!(
        "\
## Fan-out

One publisher and many streams, ours beside what else there is, all in one run:

```sh
cargo xtask bench fanout
```

Each server does the same: an event of 200 bytes of JSON goes to all streams, at a rate that the
benchmark sets. Ours have ids, heartbeat, stall limit, lifetime and admission; *filtered* are streams
of a `Log` with one of two filters each. axum, warp and actix-web-lab are their own responses over a
broadcast channel of tokio, with heartbeat. axum is there twice: as its documentation shows it, on tokio's default
runtime, and with one thread, events encoded once and `TCP_NODELAY`; all others have one thread.
durable-streams is the server of Electric's Durable Streams, with an HTTP engine of its own and
its log in memory; the benchmark posts the events to it, and it adds a control event to each.
Bare hyper is a bound: it shares one buffer of what is pending among all streams, and has nothing
else. Servers have one core, the clients another. Contenders take turns, in rounds ({rounds} of them);
each cell has the median, and in brackets how many times {STANDARD}'s that is.
Latency counts from when an event was due until a client has read it.

{machine} When all kept up, {gaps} events were left out and {duplicates} came twice.

### {idle} streams open, and connecting

{}
### {streams} streams, 10 events a second, {} seconds

{}
### {streams} streams, the most with 99 % in less than 100 ms

{}",
        table(MEMORY, contenders),
        steady.as_secs(),
        table(STEADY, contenders),
        table(MOST, contenders),
    );
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn sum(contenders: &[Contender], of: impl Fn(&Measured) -> u64) -> u64 {
    contenders.iter().flat_map(|contender| &contender.rounds).map(of).sum()
}

fn table(columns: &[Column], contenders: &[Contender]) -> String {
    let standard = contenders.iter().find(|contender| contender.name == STANDARD);
    let mut text = String::from("| |");
    for Column { heading, .. } in columns {
        text += &format!(" {heading} |");
    }
    text += "\n| --- |";
    text += &" --: |".repeat(columns.len());
    for contender in contenders {
        text += &format!("\n| {} |", contender.name);
        for Column { unit, digits, compared, of, .. } in columns {
            let value = median(contender, of);
            text += &format!(" {}", number(value / unit, *digits));
            if let Some(standard) = standard.filter(|_| *compared) {
                text += &format!(" ({:.2}×)", value / median(standard, of));
            }
            text += " |";
        }
    }
    text + "\n"
}

/// With commas between the thousands.
fn number(value: f64, digits: usize) -> String {
    let plain = format!("{value:.digits$}");
    let (whole, rest) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

fn median(contender: &Contender, of: impl Fn(&Measured) -> f64) -> f64 {
    let mut values: Vec<_> = contender.rounds.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
