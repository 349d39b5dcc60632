//! The clients: one thread that holds thousands of connections and looks at all they receive.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream as Control};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hdrhistogram::Histogram;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};

use crate::durable::{self, Publisher};
use crate::scan::{LONGEST, Scanner};
use crate::server::{Api, Server};

/// One address has too few ports for two runs in a row.
const SOURCES: usize = 32;

const PATIENCE: Duration = Duration::from_secs(30);

/// Beyond this, a stream is so far behind that more of the same tells nothing.
const HOPELESS: Duration = Duration::from_secs(1);

pub struct Load {
    server: SocketAddr,
    request: String,
    /// For a server that does not publish by itself.
    publisher: Option<Publisher>,
    poll: Poll,
    events: Events,
    clients: Vec<Client>,
    /// How many of them have received something.
    pub streaming: usize,
    controls: Vec<Control>,
    scanner: Scanner,
    /// Room for what is left of the chunk before, then for a chunk.
    buffer: Box<[u8]>,
    pub seen: Seen,
}

struct Client {
    socket: TcpStream,
    state: State,
    /// What may be the beginning of an event.
    carry: [u8; LONGEST],
    carried: usize,
    last_seq: Option<u64>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Connecting,
    Requested,
    Streaming,
}

/// What was received since this was taken the last time.
pub struct Seen {
    pub deliveries: u64,
    pub bytes: u64,
    /// Events that were left out, and events that came again.
    pub gaps: u64,
    pub duplicates: u64,
    /// From when an event was due, in microseconds.
    pub latency: Histogram<u64>,
    /// How late the last one was.
    latest: Duration,
}

impl Seen {
    fn new() -> Self {
        let minute = 60_000_000;
        let latency = Histogram::new_with_bounds(1, minute, 3).expect("the bounds are in order");
        let (deliveries, bytes, gaps, duplicates) = (0, 0, 0, 0);
        Self { deliveries, bytes, gaps, duplicates, latency, latest: Duration::ZERO }
    }
}

impl Load {
    pub fn new(server: &Server) -> io::Result<Self> {
        let (path, publisher) = match server.api {
            Api::Rate | Api::Filtered => ("/events", None),
            Api::Durable => (durable::PATH, Some(Publisher::start(server.address)?)),
        };
        Ok(Self {
            server: server.address,
            request: format!(
                "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
            ),
            publisher,
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            clients: Vec::new(),
            streaming: 0,
            controls: Vec::new(),
            scanner: Scanner::new(),
            buffer: vec![0; LONGEST + 256 * 1024].into(),
            seen: Seen::new(),
        })
    }

    /// Opens streams, so many at once, and tells how long it took until all had their first bytes.
    pub fn open(&mut self, count: usize, at_once: usize) -> io::Result<Duration> {
        let target = self.server.into();
        let sockets = (0..count).map(socket).collect::<io::Result<Vec<_>>>()?;
        let mut sockets = sockets.into_iter();
        let in_progress = Errno::INPROGRESS.raw_os_error();
        let (begin, before) = (Instant::now(), self.clients.len());
        loop {
            let streaming = self.streaming;
            if streaming == before + count {
                return Ok(begin.elapsed());
            }
            if begin.elapsed() > PATIENCE {
                let what = format!("{streaming} of {} streams began", before + count);
                return Err(io::Error::new(io::ErrorKind::TimedOut, what));
            }
            let free = at_once.saturating_sub(self.clients.len() - streaming);
            for socket in sockets.by_ref().take(free) {
                match socket.connect(&target) {
                    Err(error) if error.raw_os_error() != Some(in_progress) => return Err(error),
                    _ => self.add(socket)?,
                }
            }
            self.turn(Duration::from_millis(100))?;
        }
    }

    fn add(&mut self, socket: Socket) -> io::Result<()> {
        let mut socket = TcpStream::from_std(socket.into());
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut socket, Token(self.clients.len()), interest)?;
        let (state, carry) = (State::Connecting, [0; LONGEST]);
        self.clients.push(Client { socket, state, carry, carried: 0, last_seq: None });
        Ok(())
    }

    /// Has the server publish so many events a second from now on. Its answer is not waited for.
    pub fn rate(&mut self, hertz: f64) -> io::Result<()> {
        if let Some(publisher) = &self.publisher {
            return publisher.rate(hertz);
        }
        let mut control = Control::connect(self.server)?;
        write!(control, "GET /rate?r={hertz} HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        self.controls.push(control);
        Ok(())
    }

    /// Receives for so long, or until it is hopeless.
    pub fn receive(&mut self, time: Duration) -> io::Result<bool> {
        let end = Instant::now() + time;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            self.turn(left)?;
            if self.seen.latest > HOPELESS {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Receives until nothing has come for a while.
    pub fn settle(&mut self) -> io::Result<()> {
        let (begin, quiet) = (Instant::now(), Duration::from_millis(200));
        let (mut last, mut at) = (self.seen.bytes, begin);
        while at.elapsed() < quiet && begin.elapsed() < PATIENCE {
            self.turn(quiet)?;
            if std::mem::replace(&mut last, self.seen.bytes) != self.seen.bytes {
                at = Instant::now();
            }
        }
        Ok(())
    }

    /// What was received since the last time.
    pub fn take(&mut self) -> Seen {
        std::mem::replace(&mut self.seen, Seen::new())
    }

    fn turn(&mut self, patience: Duration) -> io::Result<()> {
        match self.poll.poll(&mut self.events, Some(patience)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        for event in &self.events {
            let client = &mut self.clients[event.token().0];
            if client.state == State::Connecting && event.is_writable() {
                if let Some(error) = client.socket.take_error()? {
                    return Err(error);
                }
                client.socket.write_all(self.request.as_bytes())?;
                client.state = State::Requested;
            }
            if event.is_readable() {
                let before = client.state;
                client.read(&mut self.buffer, &self.scanner, &mut self.seen)?;
                self.streaming += usize::from(before != client.state);
            }
        }
        Ok(())
    }
}

impl Client {
    fn read(&mut self, buffer: &mut [u8], scanner: &Scanner, seen: &mut Seen) -> io::Result<()> {
        loop {
            let room = buffer.len() - LONGEST;
            let read = match self.socket.read(&mut buffer[LONGEST..]) {
                Ok(0) => return Err(io::Error::other("the server ended a stream")),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            self.state = State::Streaming;
            seen.bytes += read as u64;
            let start = LONGEST - self.carried;
            buffer[start..LONGEST].copy_from_slice(&self.carry[..self.carried]);
            let bytes = &buffer[start..LONGEST + read];
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
            let done = scanner.events(bytes, |t, seq| {
                let late = now.saturating_sub(t);
                seen.latency.saturating_record(late / 1000);
                seen.latest = Duration::from_nanos(late);
                seen.deliveries += 1;
                match self.last_seq {
                    Some(last) if seq <= last => seen.duplicates += 1,
                    Some(last) => seen.gaps += seq - last - 1,
                    None => {}
                }
                self.last_seq = self.last_seq.max(Some(seq));
            });
            self.carried = bytes.len() - done;
            self.carry[..self.carried].copy_from_slice(&bytes[done..]);
            // A short read has taken all there was.
            if read < room {
                return Ok(());
            }
        }
    }
}

fn socket(number: usize) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    // It leaves no port in TIME_WAIT.
    socket.set_linger(Some(Duration::ZERO))?;
    let last = u8::try_from(number % SOURCES).unwrap_or_default() + 1;
    socket.bind(&SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, last), 0).into())?;
    Ok(socket)
}
