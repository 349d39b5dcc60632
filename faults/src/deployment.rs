//! The database under test, and what can be done to it.

use std::time::Duration;

use bson::{Document, doc};
use mongodb::options::WriteConcern;
use mongodb::{Client, Collection};
use testbed::Mongod;
use tokio::task::block_in_place;
use tokio::time::{sleep, timeout};

/// Longer than any election or recovery here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(20);
pub(crate) const DATABASE: &str = "faults";
pub(crate) const COLLECTION: &str = "logs";
/// Lets failures be injected that no test can bring about otherwise.
const TEST_COMMANDS: [&str; 2] = ["--setParameter", "enableTestCommands=1"];

/// A MongoDB deployment, and the collection as other programs see it.
pub(crate) struct Deployment {
    pub(crate) mongod: Mongod,
    pub(crate) client: Client,
    pub(crate) logs: Collection<Document>,
}

impl Deployment {
    pub(crate) async fn standalone() -> Self {
        Self::over(block_in_place(Mongod::standalone).unwrap()).await
    }

    pub(crate) async fn set(members: usize, args: &[&str]) -> Self {
        let args = [&TEST_COMMANDS, args].concat();
        Self::over(block_in_place(|| Mongod::replica_set_with(members, &args)).unwrap()).await
    }

    async fn over(mongod: Mongod) -> Self {
        let uri = mongod.database_uri(DATABASE);
        let client = Client::with_uri_str(&uri).await.unwrap();
        let logs = client.database(DATABASE).collection(COLLECTION);
        Self { mongod, client, logs }
    }

    /// The connection string for a program with this name, which failures can be aimed at.
    pub(crate) fn uri(&self, app: &str) -> String {
        let uri = self.mongod.database_uri(DATABASE);
        let separator = if uri.contains('?') { '&' } else { '?' };
        format!("{uri}{separator}appName={app}")
    }

    /// One member, whatever its role.
    pub(crate) async fn member(&mut self, index: usize) -> Client {
        let port = self.mongod.member(index).port();
        let uri = format!("mongodb://127.0.0.1:{port}/?directConnection=true");
        Client::with_uri_str(&uri).await.unwrap()
    }

    pub(crate) async fn admin(&self, command: Document) -> Document {
        self.client.database("admin").run_command(command).await.unwrap()
    }

    /// The index of the member that takes writes.
    pub(crate) fn primary(&self) -> usize {
        block_in_place(|| self.mongod.primary()).unwrap()
    }

    pub(crate) fn restart(&mut self, member: usize) {
        block_in_place(|| self.mongod.member(member).restart()).unwrap();
    }

    /// The primary gives its role to another, whether that is ready or not.
    pub(crate) async fn step_down(&self) {
        let down = doc! { "replSetStepDown": 3, "secondaryCatchUpPeriodSecs": 1, "force": true };
        // An error is what a connection that is closed by it looks like.
        let _ = self.client.database("admin").run_command(down).await;
    }

    /// Waits until a majority takes writes again.
    pub(crate) async fn recovered(&self) {
        let health = self.client.database(DATABASE).collection::<Document>("health");
        let written = async {
            let insert =
                || health.insert_one(doc! { "up": true }).write_concern(WriteConcern::majority());
            while !matches!(timeout(Duration::from_secs(5), insert()).await, Ok(Ok(_))) {
                sleep(GLANCE).await;
            }
        };
        timeout(PATIENCE, written).await.expect("the set takes writes again");
    }

    /// Commands of one program fail, or take long, as `failure` says.
    pub(crate) async fn inject(&self, app: &str, command: &str, failure: Document) {
        let mut data = doc! { "failCommands": [command], "appName": app };
        data.extend(failure);
        let point = doc! { "configureFailPoint": "failCommand", "mode": "alwaysOn", "data": data };
        self.admin(point).await;
    }

    pub(crate) async fn heal(&self) {
        self.admin(doc! { "configureFailPoint": "failCommand", "mode": "off" }).await;
    }

    /// From now on the server writes into its log which commands it answered with these errors,
    /// and no others.
    pub(crate) async fn watch_errors(&self, codes: &[i32]) {
        let filter = doc! { "errCode": { "$in": codes.to_vec() } };
        let database = self.client.database(DATABASE);
        database.run_command(doc! { "profile": 0, "filter": filter }).await.unwrap();
    }

    /// How often its first member answered with one of them to who went on at a snapshot.
    pub(crate) fn refused_pages(&mut self, code: i32) -> usize {
        let answer = format!("\"errCode\":{code},");
        let output = self.mongod.member(0).output();
        let refused = output.lines().filter(|line| line.contains(&answer));
        refused.filter(|line| line.contains("\"atClusterTime\"")).count()
    }

    /// The changes that are open, by the program that reads them.
    pub(crate) async fn change_streams(&self) -> Vec<String> {
        use futures_util::TryStreamExt;
        let pipeline = [
            doc! { "$currentOp": { "allUsers": true, "idleCursors": true } },
            doc! { "$match": { "ns": format!("{DATABASE}.{COLLECTION}"), "$or": [
                { "cursor.originatingCommand.pipeline.0.$changeStream": { "$exists": true } },
                { "command.pipeline.0.$changeStream": { "$exists": true } },
            ] } },
        ];
        let open = self.client.database("admin").aggregate(pipeline).await.unwrap();
        let open: Vec<Document> = open.try_collect().await.unwrap();
        open.iter().filter_map(|op| op.get_str("appName").ok().map(str::to_owned)).collect()
    }
}
