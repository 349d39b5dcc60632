//! Clients that look for what is not there.

use std::net::SocketAddr;

use tokio::task::JoinSet;

use crate::http;
use crate::rows::SEARCHED;
use crate::told::Told;

const CLIENTS: usize = 64;

pub fn start(address: SocketAddr, told: &Told) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for nth in 0..CLIENTS {
        let told = told.clone();
        // Half of them by text, half by pattern.
        let by = if nth % 2 == 0 { "q=nowhere" } else { "regex=batch.*%5B0-9%5D%7B6%7D%20ms" };
        tasks.spawn(async move {
            loop {
                let path = format!("{}?{by}{nth}", http::logs(SEARCHED));
                match http::get(address, &path).await {
                    Ok((status, _)) => told.note(status),
                    Err(_) => told.note("no answer"),
                }
            }
        });
    }
    tasks
}
