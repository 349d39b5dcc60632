//! Readers of all there is of a workflow with large lines, which take a little now and then.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::http;
use crate::rows::LARGE;
use crate::told::Told;

const READERS: usize = 200;

pub fn start(address: SocketAddr, told: &Told) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for nth in 0..READERS {
        let told = told.clone();
        tasks.spawn(async move {
            // Half of them read pages, half streams.
            let path = if nth % 2 == 0 { "?limit=100" } else { "/stream?history=all" };
            let path = format!("{}{path}", http::logs(LARGE));
            loop {
                let Ok(mut socket) = http::ask(address, &path, "").await else {
                    told.note("no connection");
                    continue;
                };
                let mut bytes = [0; 4096];
                let mut first = true;
                while let Ok(read) = socket.read(&mut bytes).await
                    && read > 0
                {
                    if std::mem::take(&mut first) {
                        told.note(String::from_utf8_lossy(&bytes[9..12]));
                    }
                    sleep(Duration::from_millis(500)).await;
                }
                told.note("ends");
                sleep(Duration::from_secs(1)).await;
            }
        });
    }
    tasks
}
