//! The command line.

use std::num::NonZero;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::config;
use crate::http::Proxy;
use crate::listen::ListenAddress;

const SHORTEST_INTERVAL: Duration = Duration::from_millis(50);

/// Serves the logs of workflows, as pages and live, with a page to read them.
///
/// Without options it serves an SQLite file in your data folder on 127.0.0.1:8080.
/// Try `log-server --simulate`.
///
/// Streams show what is inserted. What is changed, replaced or deleted later stays on open streams as
/// it was; pages show what is stored.
#[derive(Clone, Debug, Parser)]
#[command(
    version,
    after_help = "\
Environment:
  LOG_SERVER_SECRET  keys the positions of streams: any text of 32 bytes or more. `new,old` still
                     accepts positions of the old one. Instances that share a MongoDB share it.
  LOG_SERVER_LOG     what is written to stderr, such as `debug` or `warn,log_server=info`"
)]
pub struct Arguments {
    /// A configuration file in TOML, described in docs/configuration.md; `[options]` in it holds
    /// options of the command line, which the command line and the environment overrule
    #[arg(long, value_name = "FILE", env = "LOG_SERVER_CONFIG")]
    pub config: Option<PathBuf>,

    /// The address to listen on, where port 0 takes a free one, or a Unix socket
    #[arg(long, value_name = "ADDRESS|unix:PATH", default_value = "127.0.0.1:8080")]
    pub listen: ListenAddress,

    /// The certificate that clients are shown over TLS, followed by those that lead to its authority,
    /// in PEM; it is read anew when it changes (docs/tls.md)
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,

    /// The private key of the certificate, in PEM
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<PathBuf>,

    /// Where the logs are: sqlite:FILE, or a MongoDB connection string that names the database
    /// [default: an SQLite file in your data folder]
    #[arg(
        long,
        value_name = "sqlite:FILE|mongodb://…",
        env = "LOG_SERVER_STORE",
        hide_env_values = true
    )]
    pub store: Option<String>,

    /// The MongoDB collection of the logs
    #[arg(long, value_name = "NAME", default_value = "logs")]
    pub collection: String,

    /// Writes the logs of a few made-up pipelines, to look at
    #[arg(long)]
    pub simulate: bool,

    /// Lets anyone who reaches the address read and write logs, under any host name; needed
    /// beyond this machine, and behind a proxy
    #[arg(long)]
    pub anonymous: bool,

    /// After how much idle time a stream shows that it is alive
    #[arg(long, value_name = "TIME", default_value = "25s", value_parser = interval)]
    pub heartbeat: Duration,

    /// After how long a stream ends, give or take a tenth; clients come back and go on where they
    /// were
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = interval)]
    pub max_lifetime: Duration,

    /// How many streams may be open at the same time [default: 20000]. More limits are set in the
    /// configuration file, as docs/limits.md describes
    #[arg(long, value_name = "N")]
    pub max_streams: Option<NonZero<usize>>,

    /// How many of them one address may have (of IPv6, one /64 network) [default: 5000], which is for
    /// an office behind one address
    #[arg(long, value_name = "N")]
    pub max_streams_per_address: Option<NonZero<usize>>,

    /// The proxies that are believed when they say for whom they ask, in `Forwarded` or
    /// `X-Forwarded-For`; `unix` for those that come over a Unix socket
    #[arg(long, value_name = "10.0.0.0/8,…", value_delimiter = ',')]
    pub proxies: Vec<Proxy>,

    /// How many lines a page looks at that are not what it searches for, before it ends where it
    /// is; the next page goes on from there
    #[arg(long, value_name = "N", default_value = "100000")]
    pub search_rows: NonZero<usize>,

    /// For how long a page searches
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    pub search_time: Duration,

    /// How many bytes the texts and patterns take that pages and streams look for, made ready to
    /// search with; equal ones count once, and one takes 1 MiB at most, a text 4 MiB. Beyond it,
    /// searches are refused until others end
    #[arg(long, value_name = "N", default_value_t = 128 * 1024 * 1024)]
    pub search_bytes: usize,

    /// How many bytes that were read from the store may wait until clients read them: a third of
    /// streams within history, a third of pages, and a third of pages over 64 KiB. A page has about
    /// 1 MiB at most. Streams wait for each other, pages are refused; searches take half at most
    #[arg(long, value_name = "N", default_value_t = 96 * 1024 * 1024)]
    pub unsent_bytes: usize,

    /// How many bytes of the rows that clients are sending are held, of all that are not written
    /// yet, a quarter of it in requests of up to 64 KiB; beyond it, requests are refused until
    /// others are done. One takes 4 MiB, 10,000 rows and 60 s at most. In an SQLite file, 32 MiB
    /// and 4,096 requests wait to be written, each for 5 s
    #[arg(long, value_name = "N", default_value_t = 64 * 1024 * 1024)]
    pub upload_bytes: usize,

    /// How many bytes of the newest lines are kept in memory, ready to send
    #[arg(long, value_name = "N", default_value_t = 64 * 1024 * 1024)]
    pub ring_bytes: usize,

    /// How changes are read from MongoDB. Streams show lines as they were inserted: what is updated,
    /// replaced or deleted later (as by a TTL index) is only seen in pages, and counted at /metrics
    #[arg(long, value_enum, default_value_t = Mode::Auto)]
    pub mode: Mode,

    /// Polling: how long after its date a line may become visible and still not be missed
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = duration)]
    pub lateness: Duration,

    /// Polling: the time between two looks at the collection
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = interval)]
    pub poll_interval: Duration,

    /// Which missing indexes to make in MongoDB. Pages are read by one of `workspace_id`,
    /// `workflow_id`, `date` and `_id`; without it only streams of new lines are served
    #[arg(long, value_enum, default_value_t = Indexes::Small)]
    pub indexes: Indexes,

    /// Makes a token, prints it and what the configuration file is to say of it, and ends
    #[arg(long, value_name = "NAME")]
    pub new_token: Option<String>,

    /// Makes the missing indexes in MongoDB, however long it takes, and ends
    #[arg(long)]
    pub make_indexes: bool,
}

/// How changes are read from MongoDB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Change streams where the server has them, else polling.
    Auto,
    /// Change streams: exact, at once; needs a replica set.
    ChangeStreams,
    /// Polling: a few seconds behind.
    Poll,
}

/// Which missing indexes to make in MongoDB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Indexes {
    /// Those of a collection of fewer than 100,000 lines.
    Small,
    /// All.
    Create,
    /// None, and without them the server is not ready.
    Require,
    /// None, and the server is ready without them: only new lines are wanted.
    None,
}

/// Where the logs are.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreAddress {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A MongoDB connection string, as it is.
    Mongo(String),
}

impl std::fmt::Debug for StoreAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Mongo(_) => f.write_str("Mongo(…)"),
        }
    }
}

/// It is not repeated, since it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--store is sqlite:FILE or mongodb://HOST/DATABASE, and not what was given")]
pub struct InvalidStore;

impl FromStr for StoreAddress {
    type Err = InvalidStore;

    fn from_str(text: &str) -> Result<Self, InvalidStore> {
        match text.strip_prefix("sqlite:") {
            Some("") => Err(InvalidStore),
            Some(path) => Ok(Self::Sqlite(path.into())),
            None if text.starts_with("mongodb://") || text.starts_with("mongodb+srv://") => {
                Ok(Self::Mongo(text.to_owned()))
            }
            None => Err(InvalidStore),
        }
    }
}

/// A time after which something is done again.
fn interval(text: &str) -> Result<Duration, String> {
    let interval = duration(text)?;
    if interval < SHORTEST_INTERVAL {
        return Err(format!("every {text} is too often; take 50ms or more"));
    }
    Ok(interval)
}

fn duration(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<config::Duration>();
    parsed.map(Duration::from).map_err(|error| error.to_string())
}
