//! What every adapter promises, held against each over real sockets: under the `serve` of this
//! workspace and under the framework's own server, over HTTP/1.1 and HTTP/2.
//!
//! An adapter takes part by a variant of [`Stack`](host::Stack) and a router in `app.rs`.

#![allow(clippy::unwrap_used, reason = "what cannot go on fails its test")]

use std::future::Future;
use std::time::Duration;

use tokio::time::timeout;

/// Makes a test of each function for each host that can keep its promise, over both protocols.
macro_rules! promises {
    (everywhere: $($everywhere:ident),*; under_our_serve: $($served:ident),*;) => {
        $(mod $everywhere {
            promises!(@hosts $everywhere;
                axum_served AxumServed, axum_alone AxumAlone,
                warp_served WarpServed, warp_alone WarpAlone);
        })*
        $(mod $served {
            promises!(@hosts $served; axum_served AxumServed, warp_served WarpServed);
        })*
    };
    (@hosts $promise:ident; $($name:ident $stack:ident),*) => {
        $(mod $name {
            use super::super::$promise;
            use crate::host::{Host, Protocol, Stack};

            #[tokio::test]
            async fn over_http_1() {
                $promise(Host(Stack::$stack, Protocol::Http1)).await;
            }

            #[tokio::test]
            async fn over_http_2() {
                $promise(Host(Stack::$stack, Protocol::Http2)).await;
            }
        })*
    };
}

mod admission;
mod app;
mod client;
mod ending;
mod host;
mod injection;
mod resume;
mod stream;

/// Any wait of these tests is over much sooner unless something is broken.
const DEADLINE: Duration = Duration::from_secs(10);

async fn within<F: Future>(wait: F) -> F::Output {
    timeout(DEADLINE, wait).await.expect("done before the deadline")
}
