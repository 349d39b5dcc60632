//! A MongoDB deployment: a standalone server, or a replica set of one or three members.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use bson::{Document, doc};
use tempfile::TempDir;

use super::command::admin;
use super::find;
use super::member::Member;
use crate::{Error, eventually};

const SET: &str = "rs0";
/// A frozen member takes the connection and never answers.
const HELLO: Duration = Duration::from_secs(1);
const ELECTION: Duration = Duration::from_secs(60);

/// MongoDB on 127.0.0.1 with data of its own, gone when the value is dropped.
///
/// Starting one blocks until it takes writes; a set of one needs about a second.
///
/// ```no_run
/// use testbed::Mongod;
///
/// let mut mongod = Mongod::replica_set(3)?;
/// println!("{}", mongod.database_uri("logs"));
/// let primary = mongod.primary()?;
/// mongod.member(primary).kill();
/// assert_ne!(mongod.primary()?, primary);
/// mongod.member(primary).restart()?;
/// # Ok::<(), testbed::Error>(())
/// ```
#[derive(Debug)]
pub struct Mongod {
    members: Vec<Member>,
    is_set: bool,
    /// What the members of a secured set prove to each other that they belong to it by.
    _key: Option<TempDir>,
}

impl Mongod {
    /// A server without replication: no change streams, no snapshots.
    ///
    /// # Errors
    ///
    /// [`Error::NoMongod`], or what starting a program can meet.
    pub fn standalone() -> Result<Self, Error> {
        Self::standalone_with(&[])
    }

    /// As [`standalone`](Self::standalone), with further arguments for `mongod`.
    ///
    /// # Errors
    ///
    /// [`Error::NoMongod`], or what starting a program can meet.
    pub fn standalone_with(args: &[&str]) -> Result<Self, Error> {
        let members = vec![Member::start(&find()?, &owned(args))?];
        Ok(Self { members, is_set: false, _key: None })
    }

    /// A replica set of one or three members, with a primary elected and every other member
    /// following it.
    ///
    /// # Errors
    ///
    /// [`Error::NoMongod`], or what starting a program can meet.
    pub fn replica_set(members: usize) -> Result<Self, Error> {
        Self::replica_set_with(members, &[])
    }

    /// As [`replica_set`](Self::replica_set), with further arguments for every `mongod`, such as
    /// `["--setParameter", "minSnapshotHistoryWindowInSeconds=5"]`.
    ///
    /// # Errors
    ///
    /// [`Error::NoMongod`], or what starting a program can meet.
    pub fn replica_set_with(members: usize, args: &[&str]) -> Result<Self, Error> {
        let binary = find()?;
        let mut all = owned(&["--replSet", SET]);
        if members == 1 {
            // Alone, a member waits for its own journal before a write counts as committed by a
            // majority; by default that is up to 100 ms.
            all.extend(owned(&["--journalCommitInterval", "5"]));
        }
        all.extend(owned(args));
        let members =
            (0..members).map(|_| Member::start(&binary, &all)).collect::<Result<_, _>>()?;
        let set = Self { members, is_set: true, _key: None };
        set.initiate()?;
        Ok(set)
    }

    /// A standalone server (0) or a replica set of so many members with access control on. Its one
    /// user is [`ROOT`](Self::ROOT), who may do everything.
    ///
    /// # Errors
    ///
    /// [`Error::NoMongod`], or what starting a program can meet.
    pub fn secured(members: usize) -> Result<Self, Error> {
        let mut secured = if members == 0 {
            Self::standalone_with(&["--auth"])?
        } else {
            let directory = tempfile::Builder::new()
                .prefix("testbed-key-")
                .tempdir()
                .map_err(Error::io("create a directory for a set's key"))?;
            let key = directory.path().join("key");
            fs::write(&key, "bm90aGluZyBoZXJlIGlzIHNlY3JldA")
                .and_then(|()| fs::set_permissions(&key, Permissions::from_mode(0o600)))
                .map_err(Error::io("write a set's key"))?;
            let set = Self::replica_set_with(members, &["--keyFile", &key.to_string_lossy()])?;
            Self { _key: Some(directory), ..set }
        };
        // The first user may be made by whoever is on the same machine.
        let primary = if members == 0 { 0 } else { secured.primary()? };
        let (name, password) = Self::ROOT;
        let user = doc! { "createUser": name, "pwd": password, "roles": ["root"] };
        admin(secured.member(primary).port(), user, ELECTION)?;
        Ok(secured)
    }

    /// Name and password of the user of a [secured](Self::secured) deployment.
    pub const ROOT: (&str, &str) = ("root", "of the tests");

    /// The connection string of a user of a [secured](Self::secured) deployment, with the name of
    /// a database as its path.
    pub fn uri_of(&self, (name, password): (&str, &str), database: &str) -> String {
        let uri = self.database_uri(database);
        let separator = if uri.contains('?') { '&' } else { '?' };
        let password = password.replace(' ', "%20");
        let hosts = uri.trim_start_matches("mongodb://");
        format!("mongodb://{name}:{password}@{hosts}{separator}authSource=admin")
    }

    /// The connection string, without a database.
    pub fn uri(&self) -> String {
        self.database_uri("")
    }

    /// The connection string with the name of a database as its path.
    pub fn database_uri(&self, database: &str) -> String {
        let hosts: Vec<String> = self.members.iter().map(host).collect();
        let set = if self.is_set { format!("?replicaSet={SET}") } else { String::new() };
        format!("mongodb://{}/{database}{set}", hosts.join(","))
    }

    /// The member with this index, to kill, freeze or restart it.
    ///
    /// # Panics
    ///
    /// When there is none: a mistake in the test.
    pub fn member(&mut self, index: usize) -> &mut Member {
        &mut self.members[index]
    }

    /// The index of the member that takes writes; waits for an election under way.
    ///
    /// # Errors
    ///
    /// [`Error::Command`] when there is none within a minute.
    pub fn primary(&self) -> Result<usize, Error> {
        eventually(ELECTION, || {
            self.members.iter().position(|member| is(&hello(member), "isWritablePrimary"))
        })
        .ok_or_else(|| Error::Command {
            command: "hello".to_owned(),
            answer: format!("no primary within {ELECTION:?}"),
        })
    }

    fn initiate(&self) -> Result<(), Error> {
        let Some(first) = self.members.first() else { return Ok(()) };
        let members: Vec<Document> = (0_i32..)
            .zip(&self.members)
            .map(|(id, member)| doc! { "_id": id, "host": host(member) })
            .collect();
        // The defaults (10 s and 2 s) are for networks that lose packets.
        let settings = doc! { "electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 500 };
        let config = doc! { "_id": SET, "members": members, "settings": settings };
        admin(first.port(), doc! { "replSetInitiate": config }, ELECTION)?;
        eventually(ELECTION, || {
            let answers: Vec<Document> = self.members.iter().map(hello).collect();
            let primaries = answers.iter().filter(|a| is(a, "isWritablePrimary")).count();
            let following = answers.iter().filter(|a| is(a, "secondary")).count();
            (primaries == 1 && following + 1 == answers.len()).then_some(())
        })
        .ok_or_else(|| Error::Command {
            command: "replSetInitiate".to_owned(),
            answer: format!("no complete set within {ELECTION:?}; log:\n{}", first.output()),
        })
    }
}

fn host(member: &Member) -> String {
    format!("127.0.0.1:{}", member.port())
}

/// An empty document from a member that does not answer.
fn hello(member: &Member) -> Document {
    admin(member.port(), doc! { "hello": 1 }, HELLO).unwrap_or_default()
}

fn is(answer: &Document, field: &str) -> bool {
    answer.get_bool(field).unwrap_or(false)
}

fn owned(args: &[&str]) -> Vec<String> {
    args.iter().map(ToString::to_string).collect()
}
