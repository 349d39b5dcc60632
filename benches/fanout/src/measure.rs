//! What is measured of one contender, in one round.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::load::{Load, Seen};
use crate::server::{Api, Cores, Server, cpu};

/// How much of everything.
#[derive(Clone, Copy)]
pub struct Plan {
    pub rounds: usize,
    /// Streams that are held open and do nothing.
    pub idle: usize,
    /// Streams that are published to.
    pub streams: usize,
    /// How long events come 10 times a second.
    pub steady: Duration,
    /// How long each rate is tried, after half a second for getting used to it.
    pub trial: Duration,
}

impl Plan {
    pub const WHOLE: Self = Self {
        rounds: 3,
        idle: 10_000,
        streams: 1000,
        steady: Duration::from_secs(10),
        trial: Duration::from_millis(1500),
    };
    pub const SHORT: Self = Self {
        rounds: 1,
        steady: Duration::from_secs(3),
        trial: Duration::from_millis(700),
        ..Self::WHOLE
    };
}

/// A server that takes part, and what came of each of its rounds.
pub struct Contender {
    pub name: String,
    pub program: PathBuf,
    pub api: Api,
    pub rounds: Vec<Measured>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Measured {
    /// Bytes of memory a stream: before it had an event, and after.
    pub idle: f64,
    pub used: f64,
    /// Seconds until all streams had their first bytes.
    pub connects: f64,
    /// CPU seconds a million deliveries, 10 times a second.
    pub cpu: f64,
    /// Milliseconds, 10 times a second.
    pub p50: f64,
    pub p99: f64,
    /// The most deliveries a second in time, and the CPU they took: of the server and of us, as
    /// parts of a core.
    pub most: f64,
    pub server_load: f64,
    pub our_load: f64,
    /// The bytes of an event.
    pub event: f64,
    /// Events left out and events that came twice, whenever a contender kept up, and events left
    /// out when it did not.
    pub gaps: u64,
    pub duplicates: u64,
    pub lost: u64,
}

/// What a rate must reach to be one that is kept up with.
const IN_TIME: Duration = Duration::from_millis(100);

/// The search ends when what is too much is so near.
const NEAR: f64 = 1.06;

/// Or when so many rates were tried, as on a machine that does other things too.
const RATES: usize = 12;

pub fn measure(
    program: &Path,
    api: Api,
    cores: Cores,
    plan: Plan,
    hint: f64,
) -> io::Result<Measured> {
    let mut measured = Measured::default();
    let server = Server::start(program, api, cores)?;
    memory(&server, plan, &mut measured)?;
    drop(server);
    let server = Server::start(program, api, cores)?;
    let mut load = Load::new(&server)?;
    load.rate(0.0)?;
    load.settle()?;
    measured.connects = load.open(plan.streams, plan.streams)?.as_secs_f64();
    steady(&server, &mut load, plan, &mut measured)?;
    most(&server, &mut load, plan, hint, &mut measured)?;
    Ok(measured)
}

/// Memory for streams that are open.
fn memory(server: &Server, plan: Plan, measured: &mut Measured) -> io::Result<()> {
    // What a server does once, it does for the first stream.
    let mut load = Load::new(server)?;
    load.open(1, 1)?;
    load.rate(100.0)?;
    load.receive(Duration::from_millis(200))?;
    load.rate(0.0)?;
    load.settle()?;
    let before = server.memory()?;
    let a_stream = |memory: u64| memory.saturating_sub(before) as f64 / plan.idle as f64;
    load.open(plan.idle, 250)?;
    load.settle()?;
    measured.idle = a_stream(server.memory()?);
    load.rate(2.0)?;
    load.receive(Duration::from_millis(1300))?;
    load.rate(0.0)?;
    load.settle()?;
    measured.used = a_stream(server.memory()?);
    Ok(())
}

/// What it takes to publish 10 times a second.
fn steady(server: &Server, load: &mut Load, plan: Plan, to: &mut Measured) -> io::Result<()> {
    load.rate(10.0)?;
    load.receive(Duration::from_secs(1))?;
    load.take();
    let before = server.cpu()?;
    load.receive(plan.steady)?;
    let cpu = server.cpu()? - before;
    let seen = load.take();
    to.cpu = cpu.as_secs_f64() / seen.deliveries as f64 * 1e6;
    to.event = seen.bytes as f64 / seen.deliveries as f64;
    (to.p50, to.p99) = (quantile(&seen, 0.5), quantile(&seen, 0.99));
    note(to, &seen);
    Ok(())
}

/// The highest rate that is kept up with.
fn most(
    server: &Server,
    load: &mut Load,
    plan: Plan,
    hint: f64,
    to: &mut Measured,
) -> io::Result<()> {
    let (mut rate, mut step) = (hint, if hint > 200.0 { 1.25 } else { 2.0 });
    let (mut kept, mut failed): (Option<f64>, Option<f64>) = (None, None);
    for _ in 0..RATES {
        // Whatever else the machine does may spoil one trial.
        if tried(server, load, plan, rate, to)? || tried(server, load, plan, rate, to)? {
            kept = Some(rate);
        } else {
            failed = Some(rate);
        }
        rate = match (kept, failed) {
            (Some(kept), Some(failed)) if failed / kept < NEAR => break,
            (Some(kept), Some(failed)) => (kept * failed).sqrt(),
            (Some(kept), None) => kept * step,
            (None, Some(failed)) => failed / step,
            (None, None) => unreachable!("one of them was just set"),
        };
        // A hint that is far off is left behind faster and faster.
        step *= 1.1;
        if rate < 1.0 {
            break;
        }
    }
    Ok(())
}

fn tried(
    server: &Server,
    load: &mut Load,
    plan: Plan,
    rate: f64,
    to: &mut Measured,
) -> io::Result<bool> {
    load.rate(rate)?;
    let mut alive = load.receive(Duration::from_millis(500))?;
    let early = load.take();
    let (server_before, ours_before, begin) = (server.cpu()?, cpu("self")?, Instant::now());
    alive = alive && load.receive(plan.trial)?;
    let (server_cpu, our_cpu) = (server.cpu()? - server_before, cpu("self")? - ours_before);
    let time = begin.elapsed().as_secs_f64();
    let seen = load.take();
    load.rate(0.0)?;
    load.settle()?;
    let late = load.take();
    let p99 = quantile(&seen, 0.99);
    let reached = seen.deliveries as f64 / time;
    let missed = early.gaps + seen.gaps + late.gaps;
    let kept = alive
        && missed == 0
        && p99 < IN_TIME.as_secs_f64() * 1e3
        && reached > 0.95 * rate * plan.streams as f64;
    eprintln!(
        "    {rate:.0}/s: {reached:.0} deliveries/s, p99 {p99:.1} ms, {missed} missed{}",
        if kept { "" } else { ": not kept up" }
    );
    if kept {
        to.most = reached;
        to.server_load = server_cpu.as_secs_f64() / time;
        to.our_load = our_cpu.as_secs_f64() / time;
    } else {
        to.lost += missed;
    }
    for seen in [early, seen, late] {
        to.duplicates += seen.duplicates;
    }
    Ok(kept)
}

fn note(to: &mut Measured, seen: &Seen) {
    to.gaps += seen.gaps;
    to.duplicates += seen.duplicates;
}

fn quantile(seen: &Seen, quantile: f64) -> f64 {
    seen.latency.value_at_quantile(quantile) as f64 / 1e3
}
