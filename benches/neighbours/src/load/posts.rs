//! Writers that all come at once.

use std::net::SocketAddr;

use tokio::task::JoinSet;

use crate::http;
use crate::rows::lines;
use crate::told::Told;

const WRITERS: usize = 600;

pub fn start(address: SocketAddr, told: &Told) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for nth in 0..WRITERS {
        let told = told.clone();
        tasks.spawn(async move {
            let (workflow, row) = (format!("written-{}", nth % 20), lines(1, nth));
            loop {
                match http::post(address, &workflow, &row).await {
                    Ok((status, _)) => told.note(status),
                    Err(_) => told.note("no answer"),
                }
            }
        });
    }
    tasks
}
