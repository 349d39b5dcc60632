//! What every adapter promises, held against each over real sockets: under the `serve` of this
//! workspace and under the framework's own server.
//!
//! An adapter takes part by a variant of [`Host`](host::Host) and a router in `host.rs`.

#![allow(clippy::unwrap_used, reason = "what cannot go on fails its test")]

use std::future::Future;
use std::time::Duration;

use tokio::time::timeout;

/// Makes a test of each function for each host that can keep its promise.
macro_rules! promises {
    (everywhere: $($everywhere:ident),*; under_our_serve: $($served:ident),*;) => {
        $(mod $everywhere {
            use crate::host::Host;

            #[tokio::test]
            async fn axum_served() {
                super::$everywhere(Host::AxumServed).await;
            }

            #[tokio::test]
            async fn axum_alone() {
                super::$everywhere(Host::AxumAlone).await;
            }

            #[tokio::test]
            async fn warp_served() {
                super::$everywhere(Host::WarpServed).await;
            }

            #[tokio::test]
            async fn warp_alone() {
                super::$everywhere(Host::WarpAlone).await;
            }
        })*
        $(mod $served {
            use crate::host::Host;

            #[tokio::test]
            async fn axum_served() {
                super::$served(Host::AxumServed).await;
            }

            #[tokio::test]
            async fn warp_served() {
                super::$served(Host::WarpServed).await;
            }
        })*
    };
}

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
