//! What the server is, and what time it has.

use mongodb::bson::{Bson, DateTime, Document, doc};
use mongodb::options::{ReadPreference, SelectionCriteria};

use super::connection::Connection;
use super::error::Error;
use super::known::{Deployment, Way};
use super::operation::Operation;
use crate::options::Mode;
use crate::position::commit::ClusterTime;

/// The first version whose snapshots can be read outside a transaction: 5.0.
const WIRE_VERSION: i32 = 13;

impl Connection {
    /// What the server is: asked until it has answered once.
    pub(crate) async fn deployment(&self) -> Result<Deployment, Error> {
        if let Some(known) = self.deployment.get() {
            return Ok(*known);
        }
        // Each asks for itself: none waits for the failures of those before it.
        let found = self.probe().await?;
        if self.deployment.set(found).is_ok() {
            self.tell(found);
        }
        Ok(found)
    }

    async fn probe(&self) -> Result<Deployment, Error> {
        let hello = self.run(Operation::Probe, doc! { "hello": 1 }).await?;
        let sharded = hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid");
        let replicated = sharded || hello.contains_key("setName");
        if !replicated && hello.contains_key("isreplicaset") {
            return Err(Error::NotInitiated);
        }
        let recent = hello.get_i32("maxWireVersion").is_ok_and(|version| version >= WIRE_VERSION);
        let way = match self.options.mode {
            Mode::Auto | Mode::ChangeStreams if replicated && recent => Way::ChangeStreams,
            Mode::Auto | Mode::Poll if self.options.dates.are_comparable() => Way::Poll,
            Mode::Auto | Mode::Poll => return Err(Error::IncomparableDates),
            Mode::ChangeStreams => return Err(Error::NoChangeStreams),
        };
        // No snapshot is read of those.
        if way == Way::ChangeStreams
            && self.find_collection().await?.is_some_and(|found| found.capped)
        {
            return match self.options.mode {
                Mode::Auto if !self.options.dates.are_comparable() => Err(Error::IncomparableDates),
                Mode::Auto => Ok(Deployment { way: Way::Poll, replicated }),
                _ => Err(Error::Capped(self.name.clone())),
            };
        }
        Ok(Deployment { way, replicated })
    }

    fn tell(&self, Deployment { way, replicated }: Deployment) {
        let collection = &self.name;
        if way == Way::Poll
            && !matches!(
                self.selection,
                None | Some(SelectionCriteria::ReadPreference(ReadPreference::Primary))
            )
        {
            tracing::warn!(
                collection,
                "readPreference has no effect while polling: what a secondary has may be older \
                 than it is expected to be",
            );
        }
        match way {
            Way::ChangeStreams => tracing::info!(collection, "following by change streams"),
            Way::Poll if replicated => tracing::info!(
                collection,
                lateness = ?self.options.lateness,
                "following by polling, as asked or since the collection is capped: records that \
                 become visible later than this after their date are sent late",
            ),
            Way::Poll => tracing::info!(
                collection,
                lateness = ?self.options.lateness,
                "following by polling: records that become visible later than this after their \
                 date are sent late. A standalone MongoDB has no change streams: make it a set of \
                 one node (start it with --replSet rs0, then rs.initiate() once) to follow it \
                 exactly and within milliseconds",
            ),
        }
    }

    /// The server's own time.
    pub(crate) async fn server_time(&self) -> Result<DateTime, Error> {
        let hello = self.run(Operation::Probe, doc! { "hello": 1 }).await?;
        let time = hello.get_datetime("localTime").copied();
        time.map_err(|_| Error::Answer { operation: Operation::Probe, what: "localTime" })
    }

    /// What has an earlier date is settled: it is visible by now. In milliseconds, as the clock
    /// shows it by which dates are stored.
    pub(crate) async fn watermark(&self) -> Result<i64, Error> {
        let settled = before(self.server_time().await?.timestamp_millis(), self.options.lateness);
        Ok(self.options.dates.earliest_from(settled))
    }

    /// The newest time that the cluster has.
    pub(crate) async fn cluster_time(&self) -> Result<ClusterTime, Error> {
        let ping = self.run(Operation::Probe, doc! { "ping": 1 }).await?;
        self.seen(&ping);
        let times = [
            ping.get("operationTime"),
            ping.get_document("$clusterTime").ok().and_then(|time| time.get("clusterTime")),
        ];
        let newest = times.into_iter().flatten().filter_map(as_cluster_time).max();
        newest.ok_or(Error::Answer { operation: Operation::Probe, what: "operationTime" })
    }

    fn seen(&self, reply: &Document) {
        if let Some(time) = reply.get("operationTime").and_then(as_cluster_time) {
            self.advance(time);
        }
    }
}

fn as_cluster_time(value: &Bson) -> Option<ClusterTime> {
    value.as_timestamp().map(ClusterTime::from)
}

pub(crate) fn before(shown: i64, by: std::time::Duration) -> i64 {
    shown.saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX))
}
