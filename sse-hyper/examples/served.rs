//! A router served with what streams need: `cargo run -p gapless-sse-hyper --example served`.
use axum::{Router, routing::get};
use gapless_sse_hyper::{ServeOptions, bind, serve};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = bind("127.0.0.1:0").await?;
    println!("listening on http://{}/hello", listener.local_addr()?);
    let router = Router::new().route("/hello", get(async || "hello"));
    let interrupt = async { drop(tokio::signal::ctrl_c().await) };
    serve(listener, router, ServeOptions::default(), interrupt).await;
    Ok(())
}
