//! The command line.

use std::num::NonZero;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgAction, Parser, ValueEnum};

use crate::config;
use crate::dates::{DateFormat, Zone};
use crate::fields::Assignment;
use crate::http::Proxy;
use crate::listen::ListenAddress;
use crate::store::parse_bytes;

const SHORTEST_INTERVAL: Duration = Duration::from_millis(50);

/// Serves the logs of workflows, as pages and live, with a page to read them.
///
/// What an option is in full stands in the README of the server; how to secure it, in docs/README.md.
#[derive(Clone, Debug, Parser)]
#[command(
    version,
    about = "Serves the logs of workflows, as pages and live, with a page to read them: without options,
an SQLite file in your data folder, on 127.0.0.1:8080. Try `log-server --simulate`.",
    disable_help_flag = true,
    help_template = "{about}\n\n{usage-heading} {usage}\n\n{all-args}{after-help}",
    after_help = "\
Environment:
  LOG_SERVER_SECRET  keys positions, sessions and tickets: 32 bytes or more of text. `new,old` still
                     accepts those of the old one. Instances that share a MongoDB share it
  LOG_SERVER_CONFIG, LOG_SERVER_STORE  as --config and --store
  LOG_SERVER_LOG     what is written to stderr, such as `debug` or `warn,log_server=info`

How to secure it: docs/README.md. Options in full: examples/log-server/README.md"
)]
pub struct Arguments {
    /// What to do instead of serving
    #[arg(value_enum, requires = "file")]
    pub task: Option<Task>,

    /// The file to back up to, which is not there yet
    pub file: Option<PathBuf>,

    /// A configuration file in TOML (docs/configuration.md)
    #[arg(long, value_name = "FILE", env = "LOG_SERVER_CONFIG", hide_env = true)]
    pub config: Option<PathBuf>,

    /// An address and a port, 0 for a free one; or unix:PATH
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080",
        help_heading = "Who reaches it"
    )]
    pub listen: ListenAddress,

    /// Where the logs are: `sqlite:FILE`, or `mongodb://HOST/DATABASE`
    #[arg(long, value_name = "ADDRESS", env = "LOG_SERVER_STORE", hide_env = true)]
    pub store: Option<String>,

    /// Writes the logs of a few made-up pipelines, to look at
    #[arg(long)]
    pub simulate: bool,

    /// Prints the help
    #[arg(short, long, action = ArgAction::HelpShort)]
    help: Option<bool>,

    /// The certificate, in PEM (docs/tls.md)
    #[arg(long, value_name = "FILE", help_heading = "Who reaches it")]
    pub tls_cert: Option<PathBuf>,

    /// Its private key, in PEM
    #[arg(long, value_name = "FILE", help_heading = "Who reaches it")]
    pub tls_key: Option<PathBuf>,

    /// Proxies that are believed for whom they ask, as 10.0.0.0/8,unix
    #[arg(long, value_name = "LIST", value_delimiter = ',', help_heading = "Who reaches it")]
    pub proxies: Vec<Proxy>,

    /// Prints a token and its entry for the configuration, and ends
    #[arg(
        long,
        value_name = "NAME",
        value_parser = NonEmptyStringValueParser::new(),
        help_heading = "Who reaches it"
    )]
    pub new_token: Option<String>,

    /// Lets anyone who reaches it read and write, under any host name
    #[arg(long, help_heading = "Who reaches it")]
    pub anonymous: bool,

    /// Idle time after which a stream shows that it is alive
    #[arg(
        long,
        value_name = "TIME",
        default_value = "25s",
        value_parser = interval,
        help_heading = "Streams"
    )]
    pub heartbeat: Duration,

    /// When a stream ends; clients come back and miss nothing
    #[arg(
        long,
        value_name = "TIME",
        default_value = "1h",
        value_parser = interval,
        help_heading = "Streams"
    )]
    pub max_lifetime: Duration,

    /// Open at a time [default: 20000] (docs/limits.md)
    #[arg(long, value_name = "N", help_heading = "Streams")]
    pub max_streams: Option<NonZero<usize>>,

    /// Of one address [default: 5000]
    #[arg(long, value_name = "N", help_heading = "Streams")]
    pub max_streams_per_address: Option<NonZero<usize>>,

    /// Rows that a page looks at
    #[arg(long, value_name = "N", default_value = "100000", help_heading = "Searching")]
    pub search_rows: NonZero<usize>,

    /// For how long a page looks
    #[arg(
        long,
        value_name = "TIME",
        default_value = "2s",
        value_parser = duration,
        help_heading = "Searching"
    )]
    pub search_time: Duration,

    /// Texts and patterns that are looked for
    #[arg(
        long,
        value_name = "N",
        default_value_t = 128 * 1024 * 1024,
        help_heading = "Memory, in bytes"
    )]
    pub search_bytes: usize,

    /// What was read and waits for clients
    #[arg(
        long,
        value_name = "N",
        default_value_t = 96 * 1024 * 1024,
        help_heading = "Memory, in bytes"
    )]
    pub unsent_bytes: usize,

    /// Rows that are being sent
    #[arg(
        long,
        value_name = "N",
        default_value_t = 64 * 1024 * 1024,
        help_heading = "Memory, in bytes"
    )]
    pub upload_bytes: usize,

    /// The newest rows
    #[arg(
        long,
        value_name = "N",
        default_value_t = 64 * 1024 * 1024,
        help_heading = "Memory, in bytes"
    )]
    pub ring_bytes: usize,

    /// For how long rows are kept, by their date, as 30d; for ever if not said
    #[arg(long, value_name = "TIME", value_parser = interval, help_heading = "SQLite")]
    pub keep: Option<Duration>,

    /// How much of the file rows may take, as 20GB; the first that were written go first
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, help_heading = "SQLite")]
    pub keep_bytes: Option<u64>,

    /// The collection of the logs
    #[arg(long, value_name = "NAME", default_value = "logs", help_heading = "MongoDB")]
    pub collection: String,

    /// What a field is called, as in level=meta.severity; repeatable (docs/fields.md)
    #[arg(long, value_name = "NAME=FIELD", help_heading = "MongoDB")]
    pub field: Vec<Assignment>,

    /// The workspace, or the workflow, of all rows, as in workspace=etl
    #[arg(long, value_name = "NAME=VALUE", help_heading = "MongoDB")]
    pub constant: Vec<Assignment>,

    /// Dates: date, seconds, milliseconds, rfc3339 or as in "%Y-%m-%d %H:%M:%S"
    #[arg(
        long,
        value_name = "FORMAT",
        default_value_t = DateFormat::Date,
        help_heading = "MongoDB"
    )]
    pub date_format: DateFormat,

    /// The zone of dates, such as Europe/Berlin; UTC without it
    #[arg(long, value_name = "ZONE", help_heading = "MongoDB")]
    pub time_zone: Option<Zone>,

    /// How changes are read
    #[arg(long, value_enum, default_value_t = Mode::Auto, help_heading = "MongoDB")]
    pub mode: Mode,

    /// Polling: how late a row may become visible
    #[arg(
        long,
        value_name = "TIME",
        default_value = "3s",
        value_parser = duration,
        help_heading = "MongoDB"
    )]
    pub lateness: Duration,

    /// Polling: the time between two looks
    #[arg(
        long,
        value_name = "TIME",
        default_value = "2s",
        value_parser = interval,
        help_heading = "MongoDB"
    )]
    pub poll_interval: Duration,

    /// Which missing ones to make
    #[arg(long, value_enum, default_value_t = Indexes::Small, help_heading = "MongoDB")]
    pub indexes: Indexes,

    /// Makes with --make-indexes those that find rare lines by this field at once, such as level
    #[arg(long, value_name = "FIELD", help_heading = "MongoDB")]
    pub index_by: Vec<String>,

    /// Makes all missing ones, however long it takes, and ends
    #[arg(long, help_heading = "MongoDB")]
    pub make_indexes: bool,
}

/// What to do instead of serving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Task {
    /// Copies the SQLite file while servers use it (docs/keeping.md).
    Backup,
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
