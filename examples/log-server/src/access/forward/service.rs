//! The service that is asked.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Empty, Limited};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::address::Address;
use super::answer::{Answer, Reader, forbidden};
use super::client::{HttpClient, client};
use super::config::{ForwardAuth, ForwardError};
use super::question::Question;
use crate::store::chain;

type Failed = Box<dyn Error + Send + Sync>;

/// How much of a body is read, so that its connection can be used again.
const BODY: usize = 64 * 1024;

/// The service that is asked.
#[derive(Debug)]
pub(super) struct Service {
    address: Address,
    client: HttpClient,
    reader: Reader,
    timeout: Duration,
    turns: Arc<Semaphore>,
    /// Whether it did not answer when it was last asked, so that this is said once.
    is_down: AtomicBool,
}

impl Service {
    /// # Errors
    ///
    /// When it cannot be asked as the configuration says.
    pub(super) fn new(config: &ForwardAuth) -> Result<Self, ForwardError> {
        let address = Address::new(&config.url)?;
        Ok(Self {
            client: client(config, &address)?,
            address,
            reader: Reader::new(&config.headers)?,
            timeout: config.timeout.into(),
            turns: Arc::new(Semaphore::new(
                usize::try_from(config.max_concurrent.get()).unwrap_or(Semaphore::MAX_PERMITS),
            )),
            is_down: AtomicBool::new(false),
        })
    }

    /// Asks, and waits for the answer as long as it may take.
    pub(super) async fn ask(&self, question: &Question, fingerprint: &str) -> Answer {
        let Some(request) = question.request(&self.address) else {
            return Answer::No(forbidden());
        };
        let asked = async {
            let turn = Arc::clone(&self.turns).acquire_owned().await;
            let turn = turn.map_err(|error| error.to_string())?;
            let (head, body) = self.send(request).await?.into_parts();
            let answer = self.reader.read(&head, question, fingerprint);
            tokio::spawn(timeout(self.timeout, async move {
                let _turn = turn;
                drained(body).await;
            }));
            Ok::<_, String>(answer)
        };
        let answer = match timeout(self.timeout, asked).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(why)) => Answer::Down(why),
            Err(_) => Answer::Down(format!("it has not answered within {:?}", self.timeout)),
        };
        self.tell(&answer);
        answer
    }

    /// A connection that was kept may be closed just when it is used: then another one is made.
    async fn send(
        &self,
        request: Request<Empty<Bytes>>,
    ) -> Result<Response<impl Body<Data: Send, Error: Into<Failed>> + Send + use<>>, String> {
        let answered = match self.client.request(request.clone()).await {
            Err(error) if !error.is_connect() => self.client.request(request).await,
            answered => answered,
        };
        answered.map_err(|error| chain(&error))
    }

    fn tell(&self, answer: &Answer) {
        let why = if let Answer::Down(why) = answer { Some(why) } else { None };
        match (self.is_down.swap(why.is_some(), Ordering::Relaxed), why) {
            (false, Some(why)) => tracing::warn!(
                why,
                "the service of [forward-auth] does not say who may do what; those whom it has \
                 allowed go on for the grace time"
            ),
            (true, None) => tracing::info!("the service of [forward-auth] answers again"),
            _ => {}
        }
    }
}

async fn drained<B: Body<Error: Into<Failed>>>(body: B) {
    // A body that is too long or breaks off ends the connection, and the answer stands.
    let _ = Limited::new(body, BODY).collect().await;
}
