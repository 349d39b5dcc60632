//! The changes of the collection, in either way.

use crate::change_stream::ChangeStream;
use crate::polling::poll::Poll;
use crate::records::ChangeBatch;
use crate::server::error::Error;

/// The changes of the collection.
pub struct Changes<R>(Way<R>);

enum Way<R> {
    Stream(Box<ChangeStream<R>>),
    Poll(Box<Poll<R>>),
}

impl<R> Changes<R> {
    pub(crate) fn stream(stream: ChangeStream<R>) -> Self {
        Self(Way::Stream(Box::new(stream)))
    }

    pub(crate) fn poll(poll: Poll<R>) -> Self {
        Self(Way::Poll(Box::new(poll)))
    }

    pub(crate) async fn read(&mut self) -> Result<ChangeBatch<R>, Error> {
        match &mut self.0 {
            Way::Stream(stream) => stream.next().await,
            Way::Poll(poll) => poll.next().await,
        }
    }
}
