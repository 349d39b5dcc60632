//! The same application for each adapter.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::response::IntoResponse;
use axum::routing::get;
use futures_util::{Stream, stream};
use gapless_sse_axum::{LastEventId, Sse};
use gapless_sse_core::follow::{Everything, History, Record, Scope, Topic};
use gapless_sse_core::{
    Admission, Channel, Event, EventId, EventStream, Follow, FollowOptions, Log, Refused,
};
use tokio::sync::mpsc;
use warp::{Filter, Reply};

/// A request for the stream, as the handler saw it, and the way to send events on the stream.
pub(crate) struct Visit {
    pub(crate) last_event_id: Option<EventId>,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) events: mpsc::UnboundedSender<Event<'static>>,
}

/// A record of the log at `/log`.
pub(crate) struct Line(pub(crate) Event<'static>);

impl Record for Line {
    type Filter = Everything;

    fn event(&self) -> Event<'_> {
        self.0.clone()
    }

    fn mark(&self) {}
}

pub(crate) fn topic() -> Topic {
    Topic::new("conformance", "log")
}

#[derive(Clone)]
pub(crate) struct App {
    pub(crate) heartbeat: Duration,
    pub(crate) lifetime: Option<Duration>,
    pub(crate) places: Admission<Option<IpAddr>>,
    pub(crate) log: Log<Channel<Line>>,
    pub(crate) visits: mpsc::UnboundedSender<Visit>,
}

impl App {
    fn visit(
        &self,
        last_event_id: Option<EventId>,
        peer: Option<SocketAddr>,
    ) -> Result<EventStream<impl Stream<Item = Event<'static>> + use<>>, Refused> {
        let permit = self.places.admit(peer.map(|peer| peer.ip()))?;
        let (events, mut receiver) = mpsc::unbounded_channel();
        self.visits.send(Visit { last_event_id, peer, events }).unwrap();
        let events = stream::poll_fn(move |context| receiver.poll_recv(context));
        let body = EventStream::new(events).heartbeat(self.heartbeat).lifetime(self.lifetime);
        Ok(body.holding(permit))
    }

    fn follow(&self, last: Option<EventId>) -> EventStream<Follow<Channel<Line>>> {
        let begin = FollowOptions::new(History::All).after(last);
        let events = self.log.follow(Scope::new("conformance", ["log"]), begin);
        EventStream::new(events).heartbeat(self.heartbeat).lifetime(self.lifetime)
    }
}

/// `/` is a stream of what the test sends; `/log` follows a log; `/required` insists on a last
/// event ID and answers with it.
pub(crate) fn axum_app(app: App) -> Router {
    async fn events(
        State(app): State<App>,
        ConnectInfo(peer): ConnectInfo<SocketAddr>,
        last: Option<LastEventId>,
    ) -> impl IntoResponse {
        let stream = app.visit(last.map(EventId::from), Some(peer));
        stream.map(Sse::from).map_err(gapless_sse_axum::TooManyStreams)
    }

    async fn log(
        State(app): State<App>,
        last: Option<LastEventId>,
    ) -> Result<impl IntoResponse, gapless_sse_axum::NotDriven> {
        gapless_sse_axum::NotDriven::check(&app.log)?;
        Ok(Sse::from(app.follow(last.map(EventId::from))))
    }

    async fn required(LastEventId(id): LastEventId) -> String {
        id.as_str().to_owned()
    }

    Router::new()
        .route("/", get(events))
        .route("/log", get(log))
        .route("/required", get(required))
        .with_state(app)
}

/// As [`axum_app`].
pub(crate) fn warp_app(app: App) -> impl Filter<Extract: Reply> + Clone + Send + Sync + 'static {
    let following = app.clone();
    let events = warp::path::end()
        .and(gapless_sse_warp::last_event_id())
        .and(gapless_sse_warp::peer_address())
        .map(move |last, peer| match app.visit(last, peer) {
            Ok(stream) => gapless_sse_warp::Sse::from(stream).into_response(),
            Err(refused) => gapless_sse_warp::TooManyStreams(refused).into_response(),
        });
    let log = warp::path!("log").and(gapless_sse_warp::last_event_id()).map(move |last| {
        match gapless_sse_warp::NotDriven::check(&following.log) {
            Ok(()) => gapless_sse_warp::Sse::from(following.follow(last)).into_response(),
            Err(not_driven) => not_driven.into_response(),
        }
    });
    let required = warp::path!("required")
        .and(gapless_sse_warp::required_last_event_id())
        .map(|id: EventId| id.as_str().to_owned());
    warp::get().and(events.or(log).or(required))
}
