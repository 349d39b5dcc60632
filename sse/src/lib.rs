#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::print_stdout)]

#[cfg(feature = "axum")]
pub use gapless_sse_axum as axum;
#[doc(inline)]
pub use gapless_sse_core::*;
#[cfg(feature = "serve")]
pub use gapless_sse_hyper as hyper;
#[cfg(feature = "mongo")]
pub use gapless_sse_mongo as mongo;
#[cfg(feature = "warp")]
pub use gapless_sse_warp as warp;
