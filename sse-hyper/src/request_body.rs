//! The body of a request, which must make progress.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Sleep, sleep};

use crate::exchange::Exchange;

/// How much is to come within each limit.
const PROGRESS: usize = 4096;

/// The body of a request that [`serve`](crate::serve()) has read the head of: hyper's own, which
/// fails when its client takes longer than
/// [`body_read_limit`](crate::ServeOptions::body_read_limit) for 4 KiB that are waited for. What
/// the service then answers with an error status is sent as 408 (request timeout).
///
/// ```
/// use gapless_sse_hyper::RequestBody;
/// use http::{Request, Response};
/// use http_body_util::BodyExt;
///
/// async fn length(request: Request<RequestBody>) -> Response<String> {
///     let mut response = Response::default();
///     match request.into_body().collect().await {
///         Ok(body) => *response.body_mut() = body.to_bytes().len().to_string(),
///         Err(error) => {
///             *response.status_mut() = http::StatusCode::BAD_REQUEST;
///             *response.body_mut() = error.to_string();
///         }
///     }
///     response
/// }
/// ```
pub struct RequestBody {
    body: Incoming,
    exchange: Exchange,
    limit: Duration,
    /// Counts since the service first waited, until enough has come.
    timer: Option<Pin<Box<Sleep>>>,
    /// How much has come since.
    came: usize,
    over: bool,
}

impl RequestBody {
    pub(crate) fn new(body: Incoming, exchange: Exchange, limit: Duration) -> Self {
        Self { body, exchange, limit, timer: None, came: 0, over: false }
    }

    fn is_over(&mut self) {
        if !self.over {
            self.over = true;
            self.timer = None;
            self.exchange.request_read();
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        let frame = Pin::new(&mut this.body).poll_frame(context);
        this.exchange.wants(frame.is_pending());
        let Poll::Ready(frame) = frame else {
            let limit = this.limit;
            let timer = this.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
            ready!(timer.as_mut().poll(context));
            this.exchange.too_slow();
            let what = format!(
                "the rest of the request did not come in time: {} of {PROGRESS} bytes in {limit:?}",
                this.came
            );
            return Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::TimedOut, what).into())));
        };
        match &frame {
            Some(Ok(frame)) => {
                this.came += frame.data_ref().map_or(0, Bytes::len);
                if this.came >= PROGRESS {
                    (this.timer, this.came) = (None, 0);
                }
            }
            Some(Err(_)) | None => this.is_over(),
        }
        if this.body.is_end_stream() {
            this.is_over();
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        self.is_over();
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequestBody").field(&self.body).finish()
    }
}
