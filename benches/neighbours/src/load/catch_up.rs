//! Clients that come back within two seconds, as they are told to when a server restarts, and have
//! missed the same.

use std::net::SocketAddr;
use std::time::Duration;

use memchr::memmem;
use tokio::io::AsyncReadExt;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::http;
use crate::outcome::Result;
use crate::rows::MISSED;
use crate::told::Told;

const CLIENTS: u32 = 5_000;
const PAUSE: Duration = Duration::from_secs(2);

pub fn start(address: SocketAddr, told: &Told, from: &str) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for nth in 0..CLIENTS {
        let (told, id) = (told.clone(), format!("Last-Event-ID: {from}\r\n"));
        tasks.spawn(async move {
            sleep(PAUSE * nth / CLIENTS).await;
            loop {
                match caught_up(address, &id).await {
                    Ok(()) => told.note("caught up"),
                    Err(_) => told.note("failed"),
                }
                sleep(PAUSE).await;
            }
        });
    }
    tasks
}

/// Reads what was missed, to its last line.
async fn caught_up(address: SocketAddr, id: &str) -> Result<()> {
    let path = format!("{}/stream", http::logs(MISSED));
    let mut socket = http::ask(address, &path, id).await?;
    let mut bytes = Vec::with_capacity(16 * 1024);
    while memmem::find(&bytes, b" 1999\"").is_none() {
        let keep = bytes.len().saturating_sub(8);
        bytes.drain(..keep);
        if socket.read_buf(&mut bytes).await? == 0 {
            return Err("the stream ended".into());
        }
    }
    Ok(())
}
