//! The server of Electric's Durable Streams, which is published to over HTTP.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sse_fanout::text;

/// What clients ask for: what is appended from now on.
pub const PATH: &str = "/events?offset=now&live=sse";

/// Appends events to the one stream there is. The thread ends when this is dropped.
pub struct Publisher(Sender<f64>);

impl Publisher {
    /// Makes the stream, and publishes nothing yet.
    pub fn start(server: SocketAddr) -> io::Result<Self> {
        let mut connection = Connection::open(server)?;
        connection.request("PUT", "")?;
        let (rate, rates) = channel();
        thread::spawn(move || {
            if let Err(error) = publish(&mut connection, &rates) {
                eprintln!("    publishing ended: {error}");
            }
        });
        Ok(Self(rate))
    }

    /// Publishes so many events a second from now on.
    pub fn rate(&self, hertz: f64) -> io::Result<()> {
        self.0.send(hertz).map_err(|_| io::Error::other("the publisher has ended"))
    }
}

/// Each event when it is due, and at once what became due meanwhile.
fn publish(connection: &mut Connection, rates: &Receiver<f64>) -> io::Result<()> {
    let (mut hertz, mut seq) = (0.0_f64, 0);
    loop {
        let period = Duration::from_secs_f64(1.0 / hertz.max(1e-6));
        let (began, began_unix) = (Instant::now(), SystemTime::now());
        let mut due = period;
        hertz = loop {
            match rates.recv_timeout(due.saturating_sub(began.elapsed())) {
                Ok(hertz) => break hertz,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let t = (began_unix + due).duration_since(UNIX_EPOCH).unwrap_or_default();
            seq += 1;
            connection.request("POST", &text(t, seq))?;
            due += period;
        };
    }
}

struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(server: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect(server)?;
        socket.set_nodelay(true)?;
        Ok(Self(BufReader::new(socket)))
    }

    /// Waits for the response, and fails unless it is one of success.
    fn request(&mut self, method: &str, body: &str) -> io::Result<()> {
        let request = format!(
            "{method} /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0.get_mut().write_all(request.as_bytes())?;
        let mut status = String::new();
        self.0.read_line(&mut status)?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        io::copy(&mut self.0.by_ref().take(length), &mut io::sink())?;
        match status.split(' ').nth(1) {
            Some(code) if code.starts_with('2') => Ok(()),
            _ => Err(io::Error::other(format!("{method}: {}", status.trim()))),
        }
    }
}
