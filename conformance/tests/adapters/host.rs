//! What the application runs on: an adapter, a server, a protocol.

use std::future::pending;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use gapless_sse_core::follow::Seal;
use gapless_sse_core::{Admission, AdmissionLimits, Channel, Event, Log, LogOptions};
use gapless_sse_warp::ServeOptions;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::app::{App, Line, Visit, axum_app, topic, warp_app};
use crate::client::Client;
use crate::within;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Host(pub(crate) Stack, pub(crate) Protocol);

/// An adapter, and what serves it: `gapless-sse-hyper` or the framework alone.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stack {
    AxumServed,
    AxumAlone,
    WarpServed,
    WarpAlone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

pub(crate) struct Options {
    pub(crate) heartbeat: Duration,
    pub(crate) lifetime: Option<Duration>,
    pub(crate) admission: AdmissionLimits,
    pub(crate) serve: ServeOptions,
    /// Whether the log has a driver that runs.
    pub(crate) driven: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(25),
            lifetime: None,
            admission: AdmissionLimits::default(),
            serve: ServeOptions::default(),
            driven: true,
        }
    }
}

pub(crate) struct Server {
    address: SocketAddr,
    protocol: Protocol,
    visits: mpsc::UnboundedReceiver<Visit>,
    lines: Channel<Line>,
    pub(crate) log: Log<Channel<Line>>,
    pub(crate) places: Admission<Option<IpAddr>>,
    shutdown: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(host: Host) -> Self {
        Self::with(host, Options::default()).await
    }

    pub(crate) async fn with(Host(stack, protocol): Host, options: Options) -> Self {
        let listener = gapless_sse_warp::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (shutdown, signal) = oneshot::channel::<()>();
        let signal = async move { drop(signal.await) };
        let (sender, visits) = mpsc::unbounded_channel();
        let lines = Channel::new(1000);
        let seal = Seal::new(b"of these tests and no others");
        let (log, driver) = Log::new(lines.clone(), seal, LogOptions::default());
        let places = Admission::new(options.admission);
        let app = App {
            heartbeat: options.heartbeat,
            lifetime: options.lifetime,
            places: places.clone(),
            log: log.clone(),
            visits: sender,
        };
        let limits = options.serve;
        let serving = async move {
            match stack {
                Stack::AxumServed => {
                    gapless_sse_axum::serve_with(listener, axum_app(app), limits, signal).await;
                }
                Stack::AxumAlone => {
                    let app = axum_app(app).into_make_service_with_connect_info::<SocketAddr>();
                    axum::serve(listener, app).with_graceful_shutdown(signal).await.unwrap();
                }
                Stack::WarpServed => {
                    gapless_sse_warp::serve_with(listener, warp_app(app), limits, signal).await;
                }
                Stack::WarpAlone => {
                    warp::serve(warp_app(app)).incoming(listener).graceful(signal).run().await;
                }
            }
        };
        let driver = options.driven.then_some(driver);
        let driving = async move {
            match driver {
                Some(driver) => driver.run(|_| {}).await,
                None => pending().await,
            }
        };
        let served = tokio::spawn(async move {
            tokio::select! {
                () = serving => {}
                () = driving => {}
            }
        });
        Self { address, protocol, visits, lines, log, places, shutdown, served }
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &[u8])]) -> Client {
        Client::get(self.protocol, self.address, path, headers).await
    }

    /// A client of the stream, and what the handler saw of it.
    pub(crate) async fn open(&mut self) -> (Client, Visit) {
        let client = self.get("/", &[]).await;
        assert_eq!(client.head.status, 200);
        (client, self.visit().await)
    }

    pub(crate) async fn visit(&mut self) -> Visit {
        within(self.visits.recv()).await.unwrap()
    }

    /// Writes to the log.
    pub(crate) fn write(&self, event: Event<'static>) {
        self.lines.publish(topic(), Line(event));
    }

    /// Begins the shutdown and gives what ends when the server has.
    pub(crate) fn shut_down(self) -> JoinHandle<()> {
        self.shutdown.send(()).unwrap();
        self.served
    }
}
