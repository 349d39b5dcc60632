//! The program, started on a free port and restarted on the same one.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use testbed::Program;

use crate::http;
use crate::store::Store;

const START: Duration = Duration::from_secs(20);

pub(crate) struct Server {
    arguments: Vec<String>,
    program: Program,
    pub(crate) address: SocketAddr,
    /// What the counters said when the program was last ended.
    counted: Vec<(String, u64)>,
    /// Where its configuration is, if it has one.
    _folder: Option<TempDir>,
}

impl Server {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let arguments: Vec<_> = arguments.iter().map(|text| (*text).to_owned()).collect();
        let (program, address) = launch("127.0.0.1:0", &arguments);
        Self { arguments, program, address, counted: Vec::new(), _folder: None }
    }

    /// With this text as its configuration file.
    pub(crate) fn configured(store: &Store, config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log-server.toml");
        std::fs::write(&file, config).unwrap();
        let (store, file) = (store.address(), file.display().to_string());
        let server = Self::start(&["--store", &store, "--config", &file, "--heartbeat", "200ms"]);
        Self { _folder: Some(folder), ..server }
    }

    /// Ends the program, by SIGTERM or at once, and starts it anew at the same address.
    pub(crate) async fn restart(&mut self, gracefully: bool) {
        self.counted = self.counters().await;
        if gracefully {
            assert!(self.program.terminate().unwrap().success(), "{}", self.program.output());
        } else {
            self.program.kill();
        }
        (self.program, _) = launch(&self.address.to_string(), &self.arguments);
    }

    /// The most memory that it has had since this was last asked, in bytes.
    pub(crate) fn peak_memory(&self) -> usize {
        let folder = format!("/proc/{}", self.program.pid());
        let status = std::fs::read_to_string(format!("{folder}/status")).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        std::fs::write(format!("{folder}/clear_refs"), "5").unwrap();
        peak.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
    }

    /// How many threads it has.
    pub(crate) fn threads(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/task", self.program.pid())).unwrap().count()
    }

    /// How many of its open files have this in their name.
    pub(crate) fn open_files(&self, name: &str) -> usize {
        let files = std::fs::read_dir(format!("/proc/{}/fd", self.program.pid())).unwrap();
        let is_so = |file: std::io::Result<std::fs::DirEntry>| {
            let path = std::fs::read_link(file.ok()?.path()).ok()?;
            path.to_str()?.contains(name).then_some(())
        };
        files.filter_map(is_so).count()
    }

    /// How long its threads have worked, in the system's ticks of 10 ms.
    pub(crate) fn worked(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.program.pid())).unwrap();
        let fields: Vec<_> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }

    /// Ends the program by SIGTERM, and starts it again with [`start_again`](Self::start_again).
    pub(crate) fn end(&mut self) {
        assert!(self.program.terminate().unwrap().success(), "{}", self.program.output());
    }

    pub(crate) fn start_again(&mut self) {
        (self.program, _) = launch(&self.address.to_string(), &self.arguments);
    }

    pub(crate) fn output(&self) -> String {
        self.program.output()
    }

    /// All counters, added up over the program's restarts.
    pub(crate) async fn counters(&self) -> Vec<(String, u64)> {
        let answer = http::get(self.address, "/metrics").await;
        let mut counters = self.counted.clone();
        for line in answer.text.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.rsplit_once(' ').unwrap();
            // Figures of times are no counters.
            let Ok(value) = value.parse::<u64>() else { continue };
            match counters.iter_mut().find(|(known, _)| known == name) {
                Some((_, sum)) => *sum += value,
                None => counters.push((name.to_owned(), value)),
            }
        }
        counters
    }

    pub(crate) async fn counter(&self, name: &str) -> u64 {
        let counters = self.counters().await;
        counters.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("{name}")).1
    }
}

fn launch(listen: &str, arguments: &[String]) -> (Program, SocketAddr) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_log-server"));
    command.args(["--listen", listen]).args(arguments);
    command.env("LOG_SERVER_SECRET", "a secret that all tests of this server share");
    let mut program = Program::spawn(command, |_| {}).unwrap();
    let address = program.line("listening on http://", START).unwrap();
    (program, address.trim_end_matches('/').parse().unwrap())
}
