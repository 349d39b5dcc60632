//! Holds some thousand idle streams open, plain and over TLS, and looks at the server's memory.

mod clients;
mod failure;
mod server;

use std::time::Duration;

use clients::{Clients, Over};
use failure::Failure;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use server::Server;

/// How many streams there are before it is looked the first time, which also make what all share.
const BEFORE: usize = 500;
const STREAMS: usize = 4000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, files @ ..] = &*arguments {
        assert_eq!(role, server::ROLE);
        return server::serve(files).await;
    }
    let most = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most })?;
    let machine = sse_bench_machine::description();
    println!("## TLS\n\n```sh\ncargo xtask bench tls\n```\n");
    println!(
        "{STREAMS} streams over HTTP/1.1 that have had their first bytes and nothing since, with \
         `gapless-sse-axum`. What\nis counted is the memory of the server's process beyond that \
         with {BEFORE} of them; the kernel's own is apart.\n\n{machine}\n"
    );
    println!("| | KiB a stream, idle |\n| --- | --: |");
    for (name, over) in
        [("plain", Over::Plain), ("TLS 1.3", Over::Tls1_3), ("TLS 1.2", Over::Tls1_2)]
    {
        println!("| {name} | {:.1} |", idle(over).await? / 1024.0);
    }
    Ok(())
}

/// The bytes of a stream.
async fn idle(over: Over) -> Result<f64, Failure> {
    let server = Server::start(over != Over::Plain)?;
    let mut clients = Clients::new(over, &server)?;
    clients.open(BEFORE).await?;
    let before = settled(&server).await?;
    clients.open(STREAMS).await?;
    let after = settled(&server).await?;
    Ok((after - before) / STREAMS as f64)
}

/// The server's memory when it has nothing to do any more.
async fn settled(server: &Server) -> Result<f64, Failure> {
    tokio::time::sleep(Duration::from_secs(2)).await;
    server.memory()
}
