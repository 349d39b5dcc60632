//! Where the log is: an SQLite file, or a MongoDB replica set of one.

use std::net::SocketAddr;
use std::time::Duration;

use bson::{DateTime, Document, doc};
use mongodb::{Client, Collection};
use tempfile::TempDir;
use testbed::Mongod;
use tokio::time::sleep;

use crate::http;
use crate::outcome::Result;
use crate::rows::{LARGE, PROBED};

pub struct Store {
    address: String,
    kept: Kept,
}

enum Kept {
    File { _folder: TempDir },
    Set { _mongod: Mongod },
}

/// Who writes: to MongoDB, the service that has always done so; to SQLite, a client of the server.
#[derive(Clone)]
pub enum Writer {
    Service(Collection<Document>),
    Post(SocketAddr),
}

impl Writer {
    pub async fn write(&self, message: &str) -> Result<()> {
        match self {
            Self::Service(logs) => {
                let row = doc! {
                    "workspace_id": "bench",
                    "workflow_id": PROBED,
                    "date": DateTime::now(),
                    "level": "INFO",
                    "type": "log",
                    "message": message,
                };
                logs.insert_one(row).await?;
            }
            Self::Post(address) => {
                let row = format!(r#"{{"level":"INFO","message":{message:?}}}"#);
                let (status, _) = http::post(*address, PROBED, &row).await?;
                if status != 201 {
                    return Err(format!("POST: {status}").into());
                }
            }
        }
        Ok(())
    }
}

/// A document that is as large as one may be with this around it.
const LARGEST: usize = 16 * 1024 * 1024 - 16 * 1024;

impl Store {
    pub fn sqlite() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let address = format!("sqlite:{}", folder.path().join("logs.db").display());
        Ok(Self { address, kept: Kept::File { _folder: folder } })
    }

    pub fn mongo() -> Result<Self> {
        let mongod = tokio::task::block_in_place(|| Mongod::replica_set(1))?;
        let address = mongod.database_uri("bench");
        Ok(Self { address, kept: Kept::Set { _mongod: mongod } })
    }

    pub fn name(&self) -> &'static str {
        if self.is_mongo() { "MongoDB" } else { "SQLite" }
    }

    pub fn is_mongo(&self) -> bool {
        matches!(self.kept, Kept::Set { .. })
    }

    /// As `--store` takes it.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Who writes the line that the probes wait for.
    pub async fn writer(&self, address: SocketAddr) -> Result<Writer> {
        Ok(if self.is_mongo() {
            let client = Client::with_uri_str(&self.address).await?;
            // It connects with the first question, and takes its time.
            client.database("bench").run_command(doc! { "ping": 1 }).await?;
            Writer::Service(client.database("bench").collection("logs"))
        } else {
            Writer::Post(address)
        })
    }

    /// Inserts documents whose change events are larger than the server may send, one every few
    /// seconds.
    pub async fn insert_largest(&self, seconds: usize) -> Result<()> {
        let client = Client::with_uri_str(&self.address).await?;
        let logs = client.database("bench").collection::<Document>("logs");
        for nth in 0..seconds / 4 {
            sleep(Duration::from_secs(3)).await;
            // The id is in a change event three times.
            let id = format!("{nth}{}", "i".repeat(8 * 1024));
            logs.insert_one(doc! {
                "_id": id,
                "workspace_id": "bench",
                "workflow_id": LARGE,
                "date": DateTime::now(),
                "level": "INFO",
                "type": "log",
                "message": "x".repeat(LARGEST),
            })
            .await?;
        }
        Ok(())
    }
}
