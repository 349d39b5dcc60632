//! A program under test: started, waited for, listened to and ended.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::watchdog::Watchdog;
use crate::{Error, eventually};

/// How long a program may take to end after SIGTERM.
const TERMINATION: Duration = Duration::from_secs(30);
/// Lines kept; what a server printed last is what explains its end.
const LINES_KEPT: usize = 5_000;

/// A running program, ended by its process id when the value is dropped.
///
/// It runs in a process group of its own, so that a Ctrl-C in a terminal reaches it only through
/// whoever started it, and a watchdog ends it should that one be killed.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    watchdog: Option<Watchdog>,
    ended: Option<ExitStatus>,
    printed: Arc<Printed>,
}

#[derive(Debug, Default)]
struct Printed {
    lines: Mutex<Lines>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct Lines {
    kept: VecDeque<Line>,
    readers: usize,
}

#[derive(Debug)]
struct Line {
    text: String,
    /// Standard output, and not yet handed out by [`Program::line`].
    waiting: bool,
}

impl Program {
    /// Starts a binary with arguments, and collects what it prints.
    ///
    /// # Errors
    ///
    /// [`Error::Start`] when it cannot be started.
    pub fn start<A: AsRef<OsStr>>(
        path: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = A>,
    ) -> Result<Self, Error> {
        let mut command = Command::new(path);
        command.args(args);
        Self::spawn(command, |_| {})
    }

    /// Starts a command (with its environment and directory), and shows each line it prints, of
    /// both outputs, to `each_line` as it comes.
    ///
    /// # Errors
    ///
    /// [`Error::Start`] when it cannot be started.
    pub fn spawn(
        command: Command,
        each_line: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        Self::guarded(command, None, each_line)
    }

    /// As [`spawn`](Self::spawn); should this process be killed, the directory is removed too.
    pub(crate) fn guarded(
        mut command: Command,
        directory: Option<&Path>,
        each_line: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let name = command.get_program().to_string_lossy().into_owned();
        let failed = |source| Error::Start { program: name.clone(), source };
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.process_group(0).spawn().map_err(failed)?;
        let watchdog = match Watchdog::over(child.id(), directory) {
            Ok(watchdog) => watchdog,
            Err(source) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(failed(source));
            }
        };
        let printed = Arc::new(Printed::default());
        let each_line = Arc::new(each_line);
        if let Some(stdout) = child.stdout.take() {
            collect(stdout, &printed, true, Arc::clone(&each_line));
        }
        if let Some(stderr) = child.stderr.take() {
            collect(stderr, &printed, false, each_line);
        }
        Ok(Self { name, child, watchdog: Some(watchdog), ended: None, printed })
    }

    /// Waits until a line on standard output begins with `prefix`, and gives what follows it.
    ///
    /// Each line is handed out once: the same prefix asked for again waits for a further line.
    ///
    /// # Errors
    ///
    /// [`Error::Deadline`] or, as soon as the program has ended, [`Error::Ended`]; both carry its
    /// output.
    pub fn line(&mut self, prefix: &str, deadline: Duration) -> Result<String, Error> {
        let end = Instant::now() + deadline;
        let mut lines = self.printed.lock();
        loop {
            for line in lines.kept.iter_mut().filter(|line| line.waiting) {
                if let Some(rest) = line.text.strip_prefix(prefix) {
                    line.waiting = false;
                    return Ok(rest.to_owned());
                }
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || lines.readers == 0 {
                break;
            }
            lines = self
                .printed
                .more
                .wait_timeout(lines, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        let closed = lines.readers == 0;
        drop(lines);
        let what = format!("line that begins with {prefix:?}");
        // Both outputs are closed: the program is ending, and how is worth a moment.
        let patience = if closed { Duration::from_secs(1) } else { Duration::ZERO };
        match eventually(patience, || self.status()) {
            Some(status) => Err(self.ended(status, format!("a {what}"))),
            None => Err(self.deadline(what, deadline)),
        }
    }

    /// Asks the program to end (SIGTERM), waits until it has, and gives its exit status.
    ///
    /// # Errors
    ///
    /// [`Error::Deadline`] when it has not ended within 30 s.
    pub fn terminate(&mut self) -> Result<ExitStatus, Error> {
        self.signal("SIGTERM", Signal::TERM)?;
        self.wait(TERMINATION)
    }

    /// Does what a Ctrl-C in a terminal does: SIGINT to the program and to all it started in its
    /// process group.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when it has ended.
    pub fn interrupt(&self) -> Result<(), Error> {
        self.send("SIGINT", |pid| kill_process_group(pid, Signal::INT))
    }

    /// Waits until the program has ended by itself.
    ///
    /// # Errors
    ///
    /// [`Error::Deadline`] when it has not.
    pub fn wait(&mut self, deadline: Duration) -> Result<ExitStatus, Error> {
        match eventually(deadline, || self.status()) {
            Some(status) => Ok(status),
            None => Err(self.deadline("end".to_owned(), deadline)),
        }
    }

    /// Kills the program (SIGKILL); it is gone when this returns.
    pub fn kill(&mut self) {
        if self.ended.is_some() {
            return;
        }
        // Fails only for a process that is gone already.
        let _ = self.child.kill();
        // The watchdog first: until the process is waited for, its id cannot become another's.
        self.release();
        self.ended = self.child.wait().ok();
        self.drain();
    }

    /// Freezes the program (SIGSTOP) until it is [resumed](Self::resume).
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when it has ended.
    pub fn stop(&self) -> Result<(), Error> {
        self.signal("SIGSTOP", Signal::STOP)
    }

    /// Lets a [stopped](Self::stop) program go on.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when it has ended.
    pub fn resume(&self) -> Result<(), Error> {
        self.signal("SIGCONT", Signal::CONT)
    }

    /// How the program ended, or `None` while it runs.
    pub fn status(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().ok().flatten();
            if self.ended.is_some() {
                self.release();
                self.drain();
            }
        }
        self.ended
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What the program has printed on both outputs (its last 5,000 lines).
    pub fn output(&self) -> String {
        let lines = self.printed.lock();
        lines.kept.iter().flat_map(|line| [line.text.as_str(), "\n"]).collect()
    }

    pub(crate) fn ended(&self, status: ExitStatus, before: String) -> Error {
        Error::Ended { program: self.name.clone(), status, before, output: self.output() }
    }

    pub(crate) fn deadline(&self, what: String, after: Duration) -> Error {
        Error::Deadline { program: self.name.clone(), what, after, output: self.output() }
    }

    fn signal(&self, name: &str, signal: Signal) -> Result<(), Error> {
        self.send(name, |pid| kill_process(pid, signal))
    }

    fn send(
        &self,
        name: &str,
        send: impl FnOnce(Pid) -> rustix::io::Result<()>,
    ) -> Result<(), Error> {
        // Once it was waited for, its id may be another's.
        let pid = i32::try_from(self.child.id()).ok().filter(|_| self.ended.is_none());
        pid.and_then(Pid::from_raw)
            .map_or(Err(Errno::SRCH), send)
            .map_err(io::Error::from)
            .map_err(Error::io(format!("send {name} to {}", self.name)))
    }

    fn release(&mut self) {
        if let Some(watchdog) = self.watchdog.take() {
            watchdog.stand_down();
        }
    }

    /// Lets the readers take what the program printed last. Bounded, because a process it left
    /// behind may hold the pipes open.
    fn drain(&self) {
        let lines = self.printed.lock();
        let _ = self
            .printed
            .more
            .wait_timeout_while(lines, Duration::from_secs(1), |lines| lines.readers > 0);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Printed {
    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn collect(
    from: impl Read + Send + 'static,
    printed: &Arc<Printed>,
    waiting: bool,
    each_line: Arc<impl Fn(&str) + Send + Sync + 'static>,
) {
    printed.lock().readers += 1;
    let printed = Arc::clone(printed);
    thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while let Ok(1..) = from.read_until(b'\n', &mut line) {
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end_matches(['\n', '\r']).to_owned();
            line.clear();
            each_line(&text);
            let mut lines = printed.lock();
            if lines.kept.len() == LINES_KEPT {
                lines.kept.pop_front();
            }
            lines.kept.push_back(Line { text, waiting });
            printed.more.notify_all();
        }
        printed.lock().readers -= 1;
        printed.more.notify_all();
    });
}
