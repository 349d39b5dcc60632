//! The server from its start to its end.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use gapless_sse_core::follow::{Fault, SourceError};
use gapless_sse_core::{Log, LogEvent, LogFailure, LogOptions};
use tokio::signal;
use tokio::task::JoinError;

use crate::access::{Leases, SignIn, SignInError, tokens};
use crate::audit::Audit;
use crate::backup::{self, NotBackedUp};
use crate::cli::{Arguments, StoreAddress, Task};
use crate::config::{Config, InvalidLog, LogConfig};
use crate::http::{
    App, Browsers, ClosedStreams, KnownCounts, LargePages, PageTurns, Proxies, Uploads, router,
};
use crate::limits::Limits;
use crate::listen::{ListenAddress, ListenError, Listening, listen};
use crate::search::{Effort, Searches};
use crate::secret::{self, SecretError, Secrets};
use crate::simulate;
use crate::store::{Keep, SqliteError, SqliteStore, Store, chain, mongo};

/// Why the server could not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Anyone could read the logs, and nobody has said that this is meant.
    #[error(
        "{0} can be reached from other machines, and nobody has to sign in: listen on 127.0.0.1, \
         configure who may (docs/access.md), or say --anonymous to let anyone read and write the \
         logs"
    )]
    Anonymous(ListenAddress),
    /// Everybody may, and only some.
    #[error("--anonymous lets everybody in, and the configuration says who may: leave one out")]
    Both,
    /// A log, as it is configured.
    #[error("the log {name}: {source}")]
    Log {
        /// What it is called.
        name: String,
        /// What is wrong with it.
        source: InvalidLog,
    },
    /// Logs of the file, and one of the options.
    #[error("the configuration has [[log]], and --store names another one: leave one out")]
    TwoLogs,
    /// More logs than are served.
    #[error("[[log]] stands more than once, and a server serves one log: start one for each")]
    SeveralLogs,
    /// Nothing was backed up.
    #[error(transparent)]
    Backup(#[from] NotBackedUp),
    /// An SQLite file has the rows of this server, as it writes them.
    #[error(
        "fields, constants and dates have names of their own in MongoDB only: rows in an SQLite \
         file are as they were posted"
    )]
    UsualFields,
    /// There is no data folder to put a file into.
    #[error("there is no data folder on this system; name a file with --store sqlite:FILE")]
    NoDataFolder,
    /// Rows are to be deleted that are another service's.
    #[error(
        "--keep and --keep-bytes are for SQLite files; in MongoDB, rows end by an index of the \
         service that owns them: createIndex({{date: 1}}, {{expireAfterSeconds: 2592000}})"
    )]
    Keep,
    /// The ways of signing in.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The SQLite file.
    #[error(transparent)]
    Sqlite(#[from] SqliteError),
    /// The MongoDB connection string.
    #[error(transparent)]
    Mongo(#[from] gapless_sse_mongo::Error),
    /// The secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The address, or the certificate.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A defect: nothing would be streamed any more.
    #[error("the log is not followed any more; please report what stands above")]
    Stopped(#[source] Option<JoinError>),
    /// Signals, or standard output.
    #[error("the system refused")]
    System(#[from] io::Error),
}

/// For one page of a search, so many times as many rows are looked at for counts.
const COUNTED: usize = 50;

/// Runs the server until it is told to end.
///
/// # Errors
///
/// When it cannot start: the address, the store or the secret is not right.
pub async fn run(arguments: Arguments, config: Config, audit: Audit) -> Result<(), ServeError> {
    if let Some(name) = &arguments.new_token {
        let (token, entry) = tokens::new_token(name).map_err(SecretError::Random)?;
        announce(&format!("\n{}", entry.trim_end()))?;
        // Apart from what belongs in the configuration, so that `>> server.toml` takes only that.
        writeln!(
            io::stderr(),
            "the token, for whoever is to have it; it is not shown again:\n{token}"
        )?;
        return Ok(());
    }
    let log = the_log(&arguments, &config)?;
    let map = log.field_map().map_err(|source| log_error(&log, source))?;
    let store = address(&log, &config)?;
    if let (Some(Task::Backup), Some(file)) = (arguments.task, &arguments.file) {
        announce(&backup::run(&store, file)?)?;
        return Ok(());
    }
    match (SignIn::is_wanted(&config), arguments.anonymous) {
        (true, true) => return Err(ServeError::Both),
        (false, false) if !arguments.listen.is_local() => {
            return Err(ServeError::Anonymous(arguments.listen));
        }
        _ => {}
    }
    let given = match std::env::var("LOG_SERVER_SECRET") {
        Ok(secrets) => Some(secret::parse(&secrets)?),
        Err(_) => None,
    };
    let fields = config.row_fields.clone();
    match store {
        StoreAddress::Sqlite(_) if !map.is_usual() => Err(ServeError::UsualFields),
        StoreAddress::Sqlite(path) => {
            let effort = Effort { rows: arguments.search_rows.get(), time: arguments.search_time };
            let keep = Keep { age: arguments.keep, bytes: arguments.keep_bytes };
            let store = SqliteStore::keeping(&path, fields, keep)?.searching(effort);
            let secrets = given.unwrap_or_else(|| Secrets::one(store.secret()));
            let sign_in = SignIn::new(&config, &secrets, Some(beside(&path)))?;
            let name = format!("SQLite file {}", path.display());
            serve(arguments, config, sign_in, audit, store, secrets, name).await
        }
        StoreAddress::Mongo(_) if arguments.keep.is_some() || arguments.keep_bytes.is_some() => {
            Err(ServeError::Keep)
        }
        StoreAddress::Mongo(uri) => {
            let store = mongo::connect(&uri, log.collection(), map, &arguments, fields).await?;
            if arguments.make_indexes {
                store.make_indexes().await?;
                announce(&format!("collection {} has its indexes", log.collection()))?;
                return Ok(());
            }
            let secrets = if let Some(secrets) = given {
                secrets
            } else {
                tracing::warn!(
                    "LOG_SERVER_SECRET is not set: the positions of streams end with this \
                     process, and clients start over when it restarts"
                );
                secret::random()?
            };
            let name = format!("MongoDB collection {}", log.collection());
            let sign_in = SignIn::new(&config, &secrets, in_data_folder("revocations.json"))?;
            serve(arguments, config, sign_in, audit, store, secrets, name).await
        }
    }
}

/// The log that is served.
fn the_log(arguments: &Arguments, config: &Config) -> Result<LogConfig, ServeError> {
    match config.logs.as_slice() {
        [] => Ok(LogConfig::of(arguments)),
        _ if arguments.store.is_some() => Err(ServeError::TwoLogs),
        [log] => Ok(log.clone()),
        _ => Err(ServeError::SeveralLogs),
    }
}

fn log_error(log: &LogConfig, source: InvalidLog) -> ServeError {
    ServeError::Log { name: log.name.clone(), source }
}

/// Where it is.
fn address(log: &LogConfig, config: &Config) -> Result<StoreAddress, ServeError> {
    match (&log.store, &log.store_env) {
        (None, None) if config.logs.is_empty() => default_store(),
        _ => log.address().map_err(|source| log_error(log, source)),
    }
}

fn default_store() -> Result<StoreAddress, ServeError> {
    in_data_folder("logs.db").map(StoreAddress::Sqlite).ok_or(ServeError::NoDataFolder)
}

fn in_data_folder(name: &str) -> Option<PathBuf> {
    Some(ProjectDirs::from("", "", "log-server")?.data_dir().join(name))
}

/// Where the revocations are kept of a server with this SQLite file.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".revocations");
    name.into()
}

async fn serve<S: Store>(
    arguments: Arguments,
    config: Config,
    sign_in: SignIn,
    audit: Audit,
    store: S,
    secrets: Secrets,
    name: String,
) -> Result<(), ServeError> {
    let tls = config.tls.clone().or(arguments.tls_cert, arguments.tls_key);
    let Listening { listener, place } = listen(&arguments.listen, &tls).await?;
    let unsent = arguments.unsent_bytes / 3;
    let options = LogOptions::default().ring_bytes(arguments.ring_bytes).unsent_bytes(2 * unsent);
    let (log, driver) = Log::new(store, secrets.seal(), options);
    tracing::info!("serving the {name}");
    let access = sign_in.access().clone();
    if access.needs_sign_in() {
        tracing::info!("callers sign in by {}", sign_in.ways().names().join(", "));
        if place.starts_with("http:") && !arguments.listen.is_local() {
            tracing::warn!(
                "tokens and cookies come to {place} without encryption: give a certificate with \
                 --tls-cert and --tls-key, or listen on 127.0.0.1 behind a proxy that has one"
            );
        }
    } else {
        tracing::info!("anyone who reaches {place} may read and write logs");
    }

    let mut driver = tokio::spawn(driver.run(|tail| observe(&tail)));
    // From now on: whoever reads the next line may tell it to end.
    let asked_to_end = asked_to_end()?;
    announce(&format!("listening on {place}"))?;
    let pipelines = arguments.simulate.then(|| simulate::start(&log));
    for path in pipelines.iter().flat_map(simulate::Simulation::paths) {
        announce(&path)?;
    }

    let (in_all, per_address) = (arguments.max_streams, arguments.max_streams_per_address);
    let limits = config.limits.with_streams(in_all, per_address);
    let limits = limits.with_search_time(arguments.search_time);
    let proxies = [config.proxies, arguments.proxies].concat();
    let app = App {
        log: log.clone().into(),
        store: name,
        heartbeat: arguments.heartbeat,
        max_lifetime: arguments.max_lifetime,
        limits: Limits::new(&limits),
        proxies: Proxies::new(&proxies, config.proxy_header),
        browsers: Browsers::new(&config.cors, &config.embedding),
        searches: Searches::new(arguments.search_bytes).ruled_by(config.row_fields),
        known_counts: KnownCounts::new(Effort {
            rows: arguments.search_rows.get().saturating_mul(COUNTED),
            time: arguments.search_time.saturating_mul(2),
        }),
        page_turns: PageTurns::new(unsent),
        large_pages: LargePages::new(unsent),
        uploads: Uploads::new(arguments.upload_bytes),
        leases: Leases::new(access.clone()),
        access: access.clone(),
        sign_in,
        audit,
        closed: ClosedStreams::default(),
    };
    let shutdown = async move {
        asked_to_end.await;
        tracing::info!("ending: streams are told to come back");
        log.drain();
    };
    let router = router(app, !arguments.anonymous && !access.needs_sign_in());
    tokio::select! {
        () = gapless_sse_axum::serve(listener, router, shutdown) => {}
        ended = &mut driver => return Err(ServeError::Stopped(ended.err())),
    }
    driver.abort();
    drop(pipelines);
    Ok(())
}

fn observe<E: SourceError>(event: &LogEvent<E>) {
    match event {
        LogEvent::Open => tracing::info!("following the log"),
        LogEvent::TailFailed(failure, wait) => {
            report("the log cannot be followed", failure, &format!("again in {wait:?}"));
        }
        LogEvent::CatchUpFailed(failure, wait) => {
            let what = "what streams have missed cannot be read";
            report(what, failure, &format!("again in {wait:?}"));
        }
        LogEvent::StreamsFailed(failure, times) => {
            report("streams cannot be answered", failure, &format!("{times} times"));
        }
        LogEvent::RecordsLost { count, topic, reason } => {
            let of = topic.as_ref().map(|topic| format!("{}/{}", topic.space(), topic.name()));
            tracing::warn!(count, of, reason, "rows cannot be shown; streams are told of a gap");
        }
        other => tracing::warn!(?other, "the log"),
    }
}

/// What ends only when somebody acts is an error.
fn report<E: SourceError>(what: &str, failure: &LogFailure<E>, how_often: &str) {
    let error = chain(failure);
    match failure.fault() {
        Fault::NeedsAction | Fault::Refused => tracing::error!(error, how_often, "{what}"),
        _ => tracing::warn!(error, how_often, "{what}"),
    }
}

/// A line on standard output, for people and for scripts that wait for it.
fn announce(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// Waits for what tells the server to end, from when this is called.
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use signal::unix::{SignalKind, signal};

        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
    }
    #[cfg(windows)]
    {
        let mut interrupt = signal::windows::ctrl_c()?;
        Ok(async move {
            interrupt.recv().await;
        })
    }
}
