//! The same application under each adapter and server.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::response::IntoResponse;
use axum::routing::get;
use futures_util::{Stream, stream};
use sse_axum::{LastEventId, Sse};
use sse_core::{Event, EventId, EventStream, EventStreamOptions};
use sse_warp::ServeOptions;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use warp::{Filter, Reply};

use crate::client::Client;
use crate::within;

/// An adapter, and what serves it: `sse-hyper` or the framework alone.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Host {
    AxumServed,
    AxumAlone,
    WarpServed,
    WarpAlone,
}

/// A request for the stream, as the handler saw it, and the way to send events on the stream.
pub(crate) struct Visit {
    pub(crate) last_event_id: Option<EventId>,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) events: mpsc::UnboundedSender<Event<'static>>,
}

#[derive(Clone)]
struct App {
    options: EventStreamOptions,
    visits: mpsc::UnboundedSender<Visit>,
}

impl App {
    fn visit(
        &self,
        last_event_id: Option<EventId>,
        peer: Option<SocketAddr>,
    ) -> EventStream<impl Stream<Item = Event<'static>> + use<>> {
        let (events, mut receiver) = mpsc::unbounded_channel();
        self.visits.send(Visit { last_event_id, peer, events }).unwrap();
        let events = stream::poll_fn(move |context| receiver.poll_recv(context));
        EventStream::new(events, self.options)
    }
}

/// `/` is the stream; `/required` insists on a last event ID and answers with it.
fn axum_app(app: App) -> Router {
    async fn events(
        State(app): State<App>,
        ConnectInfo(peer): ConnectInfo<SocketAddr>,
        last: Option<LastEventId>,
    ) -> impl IntoResponse {
        Sse::new(app.visit(last.map(|LastEventId(id)| id), Some(peer)))
    }

    async fn required(LastEventId(id): LastEventId) -> String {
        id.as_str().to_owned()
    }

    Router::new().route("/", get(events)).route("/required", get(required)).with_state(app)
}

fn warp_app(app: App) -> impl Filter<Extract: Reply> + Clone + Send + Sync + 'static {
    let events = warp::path::end()
        .and(sse_warp::last_event_id())
        .and(sse_warp::peer_address())
        .map(move |last, peer| sse_warp::reply(app.visit(last, peer)));
    let required = warp::path!("required")
        .and(sse_warp::required_last_event_id())
        .map(|id: EventId| id.as_str().to_owned());
    warp::get().and(events.or(required))
}

pub(crate) struct Server {
    address: SocketAddr,
    visits: mpsc::UnboundedReceiver<Visit>,
    shutdown: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(host: Host) -> Self {
        Self::with(host, EventStreamOptions::default(), ServeOptions::default()).await
    }

    pub(crate) async fn with(
        host: Host,
        options: EventStreamOptions,
        limits: ServeOptions,
    ) -> Self {
        let listener = sse_warp::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (shutdown, signal) = oneshot::channel::<()>();
        let signal = async move { drop(signal.await) };
        let (sender, visits) = mpsc::unbounded_channel();
        let app = App { options, visits: sender };
        let served = tokio::spawn(async move {
            match host {
                Host::AxumServed => {
                    sse_axum::serve_with(listener, axum_app(app), limits, signal).await;
                }
                Host::AxumAlone => {
                    let app = axum_app(app).into_make_service_with_connect_info::<SocketAddr>();
                    axum::serve(listener, app).with_graceful_shutdown(signal).await.unwrap();
                }
                Host::WarpServed => {
                    sse_warp::serve_with(listener, warp_app(app), limits, signal).await;
                }
                Host::WarpAlone => {
                    warp::serve(warp_app(app)).incoming(listener).graceful(signal).run().await;
                }
            }
        });
        Self { address, visits, shutdown, served }
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &[u8])]) -> Client {
        Client::get(self.address, path, headers).await
    }

    /// A client of the stream, and what the handler saw of it.
    pub(crate) async fn open(&mut self) -> (Client, Visit) {
        let client = self.get("/", &[]).await;
        (client, self.visit().await)
    }

    pub(crate) async fn visit(&mut self) -> Visit {
        within(self.visits.recv()).await.unwrap()
    }

    /// Begins the shutdown and gives what ends when the server has.
    pub(crate) fn shut_down(self) -> JoinHandle<()> {
        self.shutdown.send(()).unwrap();
        self.served
    }
}
