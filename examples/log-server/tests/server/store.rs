//! The stores under the server, written beside it as other services do.

use std::path::PathBuf;

use gapless_sse_core::follow::Topic;
use jiff::Timestamp;
use log_server::row::NewRow;
use log_server::store::{SqliteStore, Store as _};
use mongodb::Client;
use mongodb::bson::{DateTime, Document, doc};
use tempfile::TempDir;
use testbed::Mongod;

pub(crate) const WORKSPACE: &str = "etl";
pub(crate) const WORKFLOW: &str = "orders";
pub(crate) const LOGS: &str = "/wfm/workflow/workspace/etl/workflow/orders/logs";

pub(crate) enum Store {
    Sqlite { _folder: TempDir, path: PathBuf },
    Mongo { server: Mongod },
}

/// One of several that write at the same time, each over a connection of its own.
pub(crate) enum Writer {
    Sqlite(SqliteStore),
    Mongo(mongodb::Collection<Document>),
}

impl Store {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs.db");
        Self::Sqlite { _folder: folder, path }
    }

    pub(crate) fn replica_set() -> Self {
        Self::Mongo { server: Mongod::replica_set(1).unwrap() }
    }

    pub(crate) fn standalone() -> Self {
        Self::Mongo { server: Mongod::standalone().unwrap() }
    }

    /// What the server's `--store` is.
    pub(crate) fn address(&self) -> String {
        match self {
            Self::Sqlite { path, .. } => format!("sqlite:{}", path.display()),
            Self::Mongo { server } => server.database_uri("wfm"),
        }
    }

    /// The SQLite file.
    pub(crate) fn file(&self) -> &std::path::Path {
        match self {
            Self::Sqlite { path, .. } => path,
            Self::Mongo { .. } => panic!("not an SQLite file"),
        }
    }

    pub(crate) fn mongod(&mut self) -> &mut Mongod {
        match self {
            Self::Mongo { server } => server,
            Self::Sqlite { .. } => panic!("not a MongoDB"),
        }
    }

    pub(crate) async fn writer(&self) -> Writer {
        match self {
            Self::Sqlite { path, .. } => Writer::Sqlite(SqliteStore::open(path).unwrap()),
            Self::Mongo { .. } => {
                let client = Client::with_uri_str(self.address()).await.unwrap();
                Writer::Mongo(client.database("wfm").collection("logs"))
            }
        }
    }
}

impl Writer {
    /// Writes a row into a workflow of each of these workspaces.
    pub(crate) async fn write_in(&self, workspaces: &[&str], workflow: &str) {
        for workspace in workspaces {
            self.write_to(&Topic::new(*workspace, workflow), "x").await;
        }
    }

    /// Writes a row of any workflow.
    pub(crate) async fn write_to(&self, topic: &Topic, message: &str) {
        match self {
            Self::Sqlite(store) => {
                store.append(topic, vec![row(message)]).await.unwrap();
            }
            Self::Mongo(collection) => {
                collection.insert_one(document(topic, message)).await.unwrap();
            }
        }
    }

    /// Writes a row, and another of another workflow that no stream of this one may show.
    pub(crate) async fn write(&self, message: &str) {
        for workflow in [WORKFLOW, "another"] {
            self.write_to(&Topic::new(WORKSPACE, workflow), message).await;
        }
    }
}

fn document(topic: &Topic, message: &str) -> Document {
    doc! {
        "workspace_id": topic.space(),
        "workflow_id": topic.name(),
        "date": DateTime::now(),
        "level": "INFO",
        "type": "test",
        "message": message,
    }
}

fn row(message: &str) -> NewRow {
    NewRow {
        id: None,
        date: Timestamp::now(),
        level: "INFO".to_owned(),
        kind: "test".to_owned(),
        message: message.to_owned(),
        more: serde_json::Map::new(),
    }
}
