//! The bodies of requests, read to their ends before they are looked at.

use std::error::Error;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::{io, iter};

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::posted::LARGEST_BODY;
use super::problem::Problem;
use crate::store::chain;

/// What all bodies take together that are being sent or looked at.
#[derive(Clone, Debug)]
pub struct Uploads {
    most: usize,
    bytes: Arc<Semaphore>,
}

impl Uploads {
    /// So many bytes for all of them.
    pub fn new(most: usize) -> Self {
        let most = most.min(Semaphore::MAX_PERMITS);
        Self { most, bytes: Arc::new(Semaphore::new(most)) }
    }

    /// Reads a body to its end. It takes its part of the room as it grows, whatever it says of its
    /// length, and keeps it as long as what is returned lives.
    async fn read(&self, body: Body) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Problem> {
        let mut body = pin!(body);
        let mut held: Option<OwnedSemaphorePermit> = None;
        let mut read = Vec::new();
        while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
            let frame = frame.map_err(|error| broken_off(&error))?;
            let Ok(data) = frame.into_data() else { continue };
            let length = read.len() + data.len();
            if length > LARGEST_BODY {
                return Err(Problem::too_large(LARGEST_BODY, "bytes"));
            }
            if length > read.capacity() {
                let grown = length.max(2 * read.capacity()).min(LARGEST_BODY);
                let more = self.take(grown - read.capacity())?;
                match &mut held {
                    Some(held) => held.merge(more),
                    None => held = Some(more),
                }
                read.reserve_exact(grown - read.len());
            }
            read.extend_from_slice(&data);
        }
        Ok((read.into(), held))
    }

    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        Arc::clone(&self.bytes).try_acquire_many_owned(bytes).map_err(|_| {
            let detail = format!(
                "the rows that are being sent take {} bytes, and this server holds no more; try \
                 again in a few seconds, or start it with a higher --upload-bytes",
                self.most
            );
            Problem::passing(StatusCode::SERVICE_UNAVAILABLE, "too much is being sent", detail)
        })
    }
}

/// A body that did not come to its end, as the client was too slow or has left.
fn broken_off(error: &axum::Error) -> Problem {
    let detail = format!("the body did not come to its end: {}", chain(error));
    let mut causes = iter::successors(Some(error as &dyn Error), |&error| error.source());
    let cause = causes.find_map(|cause| cause.downcast_ref::<io::Error>());
    if cause.is_some_and(|cause| cause.kind() == io::ErrorKind::TimedOut) {
        return Problem::new(StatusCode::REQUEST_TIMEOUT, "the request took too long", detail);
    }
    Problem::bad_request(detail)
}

/// Hands a request on when its body has come.
pub(super) async fn whole(
    State(uploads): State<Uploads>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    if body.is_end_stream() {
        return Ok(next.run(Request::from_parts(head, body)).await);
    }
    let (body, _held) = uploads.read(body).await?;
    Ok(next.run(Request::from_parts(head, body.into())).await)
}
