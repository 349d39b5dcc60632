//! The bodies of requests, read to their ends before they are looked at.

use std::error::Error;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use std::{io, iter};

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::kind::Kind;
use super::posted::LARGEST_BODY;
use super::problem::Problem;
use crate::store::chain;

/// Up to here, bodies take from a quarter of the room that is theirs, so that large ones that are
/// slow to come leave what small ones need.
const SMALL: usize = 64 * 1024;

/// How long a body may take, however many pieces of it come meanwhile.
pub(super) const LONGEST: Duration = Duration::from_secs(60);

/// What all bodies take together that are being sent or looked at.
#[derive(Clone, Debug)]
pub struct Uploads {
    most: usize,
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

impl Uploads {
    /// So many bytes for all of them.
    pub fn new(most: usize) -> Self {
        let most = most.min(Semaphore::MAX_PERMITS);
        let room = |bytes| Arc::new(Semaphore::new(bytes));
        Self { most, small: room(most / 4), large: room(most - most / 4) }
    }

    /// Reads a body to its end, within a time.
    async fn read(&self, body: Body) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Problem> {
        timeout(LONGEST, self.read_all(body)).await.unwrap_or_else(|_| {
            let limit = LONGEST.as_secs();
            let detail =
                format!("the body did not come to its end in {limit} s; send less at once");
            Err(too_slow(detail))
        })
    }

    /// It takes its part of the room as it grows, whatever it says of its
    /// length, and keeps it as long as what is returned lives.
    async fn read_all(&self, body: Body) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Problem> {
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
                held = Some(self.take(held, grown)?);
                read.reserve_exact(grown - read.len());
            }
            read.extend_from_slice(&data);
        }
        Ok((read.into(), held))
    }

    /// Room for so many bytes in all.
    fn take(
        &self,
        held: Option<OwnedSemaphorePermit>,
        bytes: usize,
    ) -> Result<OwnedSemaphorePermit, Problem> {
        let room = if bytes <= SMALL { &self.small } else { &self.large };
        let held = held.filter(|held| Arc::ptr_eq(held.semaphore(), room));
        let more = bytes - held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = u32::try_from(more).unwrap_or(u32::MAX);
        let taken = Arc::clone(room).try_acquire_many_owned(more).map_err(|_| {
            let detail = format!(
                "the rows that are being sent take {} bytes, and this server holds no more; try \
                 again in a few seconds, or start it with a higher --upload-bytes",
                self.most
            );
            Problem::new(Kind::UPLOADS, detail)
        });
        let mut taken = taken?;
        if let Some(held) = held {
            taken.merge(held);
        }
        Ok(taken)
    }
}

/// A body that did not come to its end, as the client was too slow or has left.
fn broken_off(error: &axum::Error) -> Problem {
    let detail = format!("the body did not come to its end: {}", chain(error));
    let mut causes = iter::successors(Some(error as &dyn Error), |&error| error.source());
    let cause = causes.find_map(|cause| cause.downcast_ref::<io::Error>());
    if cause.is_some_and(|cause| cause.kind() == io::ErrorKind::TimedOut) {
        return too_slow(detail);
    }
    Problem::bad_request(detail)
}

fn too_slow(detail: String) -> Problem {
    Problem::new(Kind::SLOW_REQUEST, detail)
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    use http_body::Frame;
    use tokio::time::{Instant, Sleep, sleep};

    use super::*;

    /// A body of which a piece comes each second.
    struct Slow {
        next: Pin<Box<Sleep>>,
        pieces: usize,
    }

    fn slow(pieces: usize) -> Body {
        Body::new(Slow { next: Box::pin(sleep(Duration::from_secs(1))), pieces })
    }

    impl HttpBody for Slow {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            ready!(self.next.as_mut().poll(context));
            if self.pieces == 0 {
                return Poll::Ready(None);
            }
            self.pieces -= 1;
            self.next.as_mut().reset(Instant::now() + Duration::from_secs(1));
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; 5000])))))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_comes_without_end_is_not_waited_for() {
        let uploads = Uploads::new(8 * LARGEST_BODY);
        let (body, _held) = uploads.read(slow(50)).await.expect("it comes in time");
        assert_eq!(body.len(), 50 * 5000);
        let problem = uploads.read(slow(500)).await.expect_err("it takes too long");
        assert!(format!("{problem:?}").contains("408"), "{problem:?}");
    }

    #[tokio::test]
    async fn large_bodies_leave_room_for_small_ones_and_give_theirs_back() {
        let uploads = Uploads::new(2 * LARGEST_BODY);
        let of = |size: usize| Body::from(vec![b' '; size]);
        let large = uploads.read(of(LARGEST_BODY)).await.expect("there is room");
        uploads.read(of(LARGEST_BODY)).await.expect_err("there is no room");
        let small = uploads.read(of(SMALL)).await.expect("there is room");
        drop((large, small));
        let (small, large) = (uploads.small.available_permits(), uploads.large.available_permits());
        assert_eq!(small + large, 2 * LARGEST_BODY);
    }
}
