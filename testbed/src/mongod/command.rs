//! One administrative command to one server, over a connection of its own.
//!
//! Starting a set takes `replSetInitiate` and `hello` and nothing else, so this speaks `OP_MSG`
//! without driver, pool, TLS or authentication, and blocks: it works inside any runtime.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use bson::{Document, doc};

use crate::Error;

const OP_MSG: i32 = 2013;
/// What MongoDB itself takes as the largest message.
const LARGEST: usize = 48_000_000;

/// Sends a command to the `admin` database, and gives the answer if the server says `ok`.
pub(crate) fn admin(port: u16, command: Document, patience: Duration) -> Result<Document, Error> {
    let name = command.keys().next().cloned().unwrap_or_default();
    let failed = |answer: String| Error::Command { command: name.clone(), answer };
    let mut command = command;
    command.extend(doc! { "$db": "admin" });
    let answer = exchange(port, &command, patience).map_err(|error| failed(error.to_string()))?;
    let ok = match answer.get("ok") {
        Some(bson::Bson::Double(ok)) => *ok > 0.5,
        Some(bson::Bson::Int32(ok)) => *ok == 1,
        _ => false,
    };
    if ok { Ok(answer) } else { Err(failed(answer.to_string())) }
}

fn exchange(port: u16, command: &Document, patience: Duration) -> io::Result<Document> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    let body = command.to_vec().map_err(io::Error::other)?;
    // Header (length, request, answer to, kind), flags, and one section: a document.
    let length = 16 + 4 + 1 + body.len();
    let mut message = Vec::with_capacity(length);
    for number in [i32::try_from(length).map_err(io::Error::other)?, 1, 0, OP_MSG, 0] {
        message.extend(number.to_le_bytes());
    }
    message.push(0);
    message.extend(body);
    stream.write_all(&message)?;

    let mut header = [0; 21];
    stream.read_exact(&mut header)?;
    let [a, b, c, d, ..] = header;
    let length = usize::try_from(i32::from_le_bytes([a, b, c, d])).map_err(io::Error::other)?;
    if !(header.len()..=LARGEST).contains(&length) {
        return Err(io::Error::other("the answer is no message of MongoDB"));
    }
    let mut body = vec![0; length - header.len()];
    stream.read_exact(&mut body)?;
    Document::from_reader(body.as_slice()).map_err(io::Error::other)
}
