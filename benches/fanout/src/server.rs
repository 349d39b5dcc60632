//! A contender's process: started on its core, and asked what it takes.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::param::clock_ticks_per_second;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// How a server is started, asked for a stream and told to publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// `--port`, `/events` and `/rate`.
    Rate,
    /// The same with `--filtered`.
    Filtered,
    /// Durable Streams: what is published is sent to it.
    Durable,
}

impl Api {
    /// That of the contender with this name.
    pub fn of(name: &str) -> Self {
        match name {
            "durable-streams" => Self::Durable,
            name if name.ends_with("filtered") => Self::Filtered,
            _ => Self::Rate,
        }
    }
}

pub struct Server {
    process: Child,
    pub api: Api,
    /// Of a server that keeps files.
    data: Option<PathBuf>,
    pub address: SocketAddr,
}

impl Server {
    /// Starts `program` on the first core and goes on, on the second.
    pub fn start(program: &Path, api: Api, cores: Cores) -> io::Result<Self> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        // A new process stays where its parent is.
        cores.stay_on(0)?;
        let mut command = Command::new(program);
        command.args(["--port", &address.port().to_string()]).stdout(Stdio::null());
        command.args((api == Api::Filtered).then_some("--filtered"));
        let data = (api == Api::Durable).then(|| {
            let folder = format!("sse-fanout-{}-{}", std::process::id(), address.port());
            std::env::temp_dir().join(folder)
        });
        if let Some(data) = &data {
            command.arg("--data-dir").arg(data).args(["--durability", "memory"]);
        }
        let started = command.spawn();
        cores.stay_on(1)?;
        let server = Self { process: started?, api, data, address };
        let begin = Instant::now();
        while let Err(error) = TcpStream::connect(address) {
            if begin.elapsed() > Duration::from_secs(10) {
                return Err(error);
            }
            sleep(Duration::from_millis(10));
        }
        Ok(server)
    }

    /// The time that it has computed for, in its own code and in the kernel's.
    pub fn cpu(&self) -> io::Result<Duration> {
        cpu(&self.process.id().to_string())
    }

    /// Its memory: proportional set size, in bytes.
    pub fn memory(&self) -> io::Result<u64> {
        let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.process.id()))?;
        let size = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        let kilobytes = size.and_then(|size| size.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kilobytes.map(|kilobytes| kilobytes * 1024).ok_or_else(unreadable)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        drop(self.process.kill());
        drop(self.process.wait());
        if let Some(data) = &self.data {
            drop(fs::remove_dir_all(data));
        }
    }
}

/// The time that a process has computed for; `self` is one too.
pub fn cpu(process: &str) -> io::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name, in brackets, may hold spaces.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    let ticks = fields.map(str::parse::<u64>).sum::<Result<u64, _>>().map_err(|_| unreadable())?;
    Ok(Duration::from_secs(ticks) / u32::try_from(clock_ticks_per_second()).unwrap_or(100))
}

fn unreadable() -> io::Error {
    io::Error::other("the kernel describes processes in another way")
}

/// Where contenders run and where we do, if there are two cores.
#[derive(Clone, Copy)]
pub struct Cores(Option<[usize; 2]>);

impl Cores {
    /// The first two that we may use.
    pub fn available() -> io::Result<Self> {
        let allowed = sched_getaffinity(None)?;
        let mut allowed = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        Ok(Self(allowed.next().zip(allowed.next()).map(|(server, load)| [server, load])))
    }

    fn stay_on(self, which: usize) -> io::Result<()> {
        let Some(cores) = self.0 else { return Ok(()) };
        let mut only = CpuSet::new();
        only.set(cores[which]);
        Ok(sched_setaffinity(None, &only)?)
    }
}

/// Takes as many open files as the system lets us have, for the servers too.
pub fn raise_open_files(needed: u64) -> io::Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    match maximum {
        Some(maximum) if maximum < needed => Err(io::Error::other(format!(
            "{needed} open files are needed and {maximum} allowed; `ulimit -Hn {needed}` as root \
             raises that for a shell"
        ))),
        _ => Ok(()),
    }
}
