//! Access control: the role of the README is enough and the smallest there is, and what a user
//! lacks is told together with what grants it.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod common;

use common::{
    Change, Logs, Row, all, changed, changes, connect, failure, ids, quick, record, scope, within,
};
use gapless_sse_core::follow::{Changes, Fault, SortOrder, Source, SourceError};
use gapless_sse_mongo::bson::{Bson, Document, doc};
use gapless_sse_mongo::{Error, Mode, Mongo};
use mongodb::Database;
use serde_json::Deserializer;
use testbed::Mongod;

const README: &str = include_str!("../README.md");
const DATABASE: &str = "etl";

/// What is entered as `db.COMMAND({…})` in the README, as the server takes it.
fn of_readme(command: &str, named: &str) -> Document {
    let (_, argument) = README.split_once(&format!("db.{command}(")).expect("in the README");
    let mut argument = first_json(argument);
    let name = argument.remove(named).unwrap();
    let mut whole = doc! { command: name };
    whole.extend(argument);
    whole
}

/// With its fields in their order.
fn first_json(text: &str) -> Document {
    Deserializer::from_str(text).into_iter().next().unwrap().unwrap()
}

/// A server with access control, a collection with records and without indexes, and the user of
/// the README.
struct Secured {
    server: Mongod,
    root: Logs,
    etl: Database,
    reader: String,
}

impl Secured {
    async fn start(members: usize) -> Self {
        let server = Mongod::secured(members).unwrap();
        let root = Logs::connect(&server.uri_of(Mongod::ROOT, DATABASE)).await;
        root.insert((0..5).map(record)).await;
        let etl = root.client.database(DATABASE);
        let (role, user) = (of_readme("createRole", "role"), of_readme("createUser", "user"));
        let text = |document: &Document, key| document.get_str(key).unwrap().to_owned();
        let name_and_password = (text(&user, "createUser"), text(&user, "pwd"));
        let reader = server.uri_of((&name_and_password.0, &name_and_password.1), DATABASE);
        // As in the README: the user belongs to the database of the logs.
        let reader = reader.trim_end_matches("authSource=admin").trim_end_matches(['?', '&']);
        let reader = reader.to_owned();
        etl.run_command(role).await.unwrap();
        etl.run_command(user).await.unwrap();
        Self { server, root, etl, reader }
    }

    /// Makes the indexes as someone who may.
    async fn index(&self) {
        let root = connect(&self.server.uri_of(Mongod::ROOT, DATABASE), quick()).await;
        root.epoch().await.unwrap();
    }

    async fn reader(&self) -> Mongo<Row> {
        connect(&self.reader, quick()).await
    }

    async fn set_privileges(&self, privileges: Vec<Bson>) {
        let name = of_readme("createRole", "role").get_str("createRole").unwrap().to_owned();
        let update = doc! { "updateRole": name, "privileges": privileges };
        self.etl.run_command(update).await.unwrap();
    }

    async fn privileges(&self) -> Vec<Bson> {
        let name = of_readme("createRole", "role").get_str("createRole").unwrap().to_owned();
        let asked = doc! { "rolesInfo": name, "showPrivileges": true };
        let answer = self.etl.run_command(asked).await.unwrap();
        let roles = answer.get_array("roles").unwrap();
        roles[0].as_document().unwrap().get_array("privileges").unwrap().clone()
    }

    /// Enters what an error says is to be entered in mongosh.
    async fn enter(&self, error: &str) {
        let (_, privileges) = error.split_once(".grantPrivilegesToRole(\"ROLE\", [").expect(error);
        assert!(error.contains(&format!("db.getSiblingDB(\"{DATABASE}\")")), "{error}");
        let name = of_readme("createRole", "role").get_str("createRole").unwrap().to_owned();
        let privilege: Document = first_json(privileges);
        let grant = doc! { "grantPrivilegesToRole": name, "privileges": [privilege] };
        self.etl.run_command(grant).await.unwrap();
    }
}

/// Everything that a server of logs asks for; the first error there is.
async fn work(mongo: &Mongo<Row>) -> Result<(), Error> {
    within(async {
        mongo.epoch().await?;
        let start = mongo.tail_start().await?;
        mongo.history(&scope(), common::query(None, None, SortOrder::Ascending, 3)).await?;
        mongo.spaces(None, 9).await?;
        mongo.changes(&start).await?.next().await.map(drop)
    })
    .await
}

/// Each action with the privileges that are left without it.
fn without_each(privileges: &[Bson]) -> Vec<(String, Vec<Bson>)> {
    let mut cases = Vec::new();
    for (nth, privilege) in privileges.iter().enumerate() {
        let actions = privilege.as_document().unwrap().get_array("actions").unwrap();
        for action in actions {
            let mut left = privileges.to_vec();
            let actions: Vec<_> = actions.iter().filter(|other| *other != action).collect();
            let some = left[nth].as_document_mut().unwrap();
            some.insert("actions", actions.into_iter().cloned().collect::<Vec<_>>());
            if some.get_array("actions").unwrap().is_empty() {
                left.remove(nth);
            }
            cases.push((action.as_str().unwrap().to_owned(), left));
        }
    }
    cases
}

/// In an order that does not depend on how they came about.
fn sorted(privileges: &[Bson]) -> Vec<String> {
    let mut all = Vec::new();
    for privilege in privileges.iter().map(|privilege| privilege.as_document().unwrap()) {
        let resource = privilege.get_document("resource").unwrap();
        let actions = privilege.get_array("actions").unwrap().iter();
        all.extend(actions.map(|action| format!("{resource} {action}")));
    }
    all.sort();
    all
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn the_role_of_the_readme_is_enough_for_history_and_changes() {
    for (members, mode) in [(1, Mode::ChangeStreams), (0, Mode::Poll)] {
        let secured = Secured::start(members).await;
        secured.index().await;
        let mongo = secured.reader().await;
        work(&mongo).await.unwrap();
        assert_eq!(mongo.mode().await.unwrap(), mode);
        let start = mongo.tail_start().await.unwrap();
        secured.root.insert((5..9).map(record)).await;
        let followed: Vec<Change> = changes(&mongo, &start, 9).await;
        assert_eq!(changed(&followed).len(), 9);
        let last_five = changes(&mongo, &followed[3].0, 5).await;
        assert_eq!(changed(&last_five), changed(&followed)[4..]);
        let (_, read) = all(&mongo, &scope(), SortOrder::Ascending, 4).await;
        assert_eq!(ids(&read).len(), 9);
        assert_eq!(mongo.names("a", None, 9).await.unwrap(), ["b"]);
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn each_privilege_that_is_missing_is_told_with_the_command_that_grants_it() {
    for members in [1, 0] {
        let secured = Secured::start(members).await;
        secured.index().await;
        let readme = secured.privileges().await;
        for (action, left) in without_each(&readme) {
            secured.set_privileges(left).await;
            let mongo = secured.reader().await;
            if members == 0 && action == "changeStream" {
                // Polling needs none.
                work(&mongo).await.unwrap();
                continue;
            }
            let error = work(&mongo).await.expect_err(&action);
            assert!(matches!(error, Error::NotAuthorised { .. }), "{action}: {error:?}");
            assert_eq!(error.fault(), Fault::NeedsAction);
            let said = error.to_string();
            println!("{said}");
            let on =
                if action == "listCollections" { "database etl;" } else { "collection etl.logs;" };
            assert!(said.contains(&action) && said.contains(on), "{action}: {said}");
            secured.enter(&said).await;
            work(&mongo).await.unwrap();
        }
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_role_with_nothing_becomes_that_of_the_readme_by_doing_what_the_errors_say() {
    let secured = Secured::start(1).await;
    secured.index().await;
    let readme = secured.privileges().await;
    secured.set_privileges(Vec::new()).await;
    let mongo = secured.reader().await;
    while let Err(error) = work(&mongo).await {
        let before = secured.privileges().await;
        secured.enter(&error.to_string()).await;
        assert_ne!(sorted(&secured.privileges().await), sorted(&before), "{error}");
    }
    assert_eq!(sorted(&secured.privileges().await), sorted(&readme));
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_privilege_that_is_taken_away_ends_changes_and_is_told() {
    for (members, action) in [(1, "changeStream"), (0, "find")] {
        let secured = Secured::start(members).await;
        secured.index().await;
        let mongo = secured.reader().await;
        let start = mongo.tail_start().await.unwrap();
        let mut open = mongo.changes(&start).await.unwrap();
        open.next().await.unwrap();
        let all = secured.privileges().await;
        let (_, left) = without_each(&all).into_iter().find(|(a, _)| a == action).unwrap();
        secured.set_privileges(left).await;
        let mut error = failure(&mut open).await;
        assert!(matches!(error, Error::NotAuthorised { .. }), "{error:?}");
        if members > 0 {
            // Asked for the next batch, the server does not say of what.
            error = mongo.changes(&start).await.err().unwrap();
        }
        assert_eq!(error.to_string().contains("changeStream"), members > 0, "{error}");
        secured.enter(&error.to_string()).await;
        assert_eq!(changes(&mongo, &start, 5).await.len(), 5);
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn indexes_are_made_by_who_may_and_named_with_their_command_to_who_may_not() {
    for (members, missing) in [(1, 1), (0, 2)] {
        let secured = Secured::start(members).await;
        let readme = secured.privileges().await;
        let mongo = secured.reader().await;
        for _ in 0..missing {
            let error = work(&mongo).await.unwrap_err();
            let Error::MissingIndex { command, reason, .. } = error else { panic!("{error:?}") };
            assert!(reason.contains("the user may not make indexes"), "{reason}");
            let start = "db.getCollection(\"logs\").createIndex(";
            let arguments = command.strip_prefix(start).and_then(|rest| rest.strip_suffix(')'));
            let arguments = format!("[{}]", arguments.expect(&command));
            let [keys, options]: [Document; 2] = serde_json::from_str(&arguments).unwrap();
            let mut index = doc! { "key": keys };
            index.extend(options);
            let make = doc! { "createIndexes": "logs", "indexes": [index] };
            secured.root.db.run_command(make).await.unwrap();
        }
        work(&mongo).await.unwrap();

        secured.root.coll.drop_indexes().await.unwrap();
        let mut makes = readme;
        let on_logs = doc! { "db": DATABASE, "collection": "logs" };
        makes.push(doc! { "resource": on_logs, "actions": ["createIndex"] }.into());
        secured.set_privileges(makes).await;
        work(&secured.reader().await).await.unwrap();
        let made = secured.root.coll.list_index_names().await.unwrap();
        assert_eq!(made.len(), 1 + missing, "{made:?}");
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_wrong_password_and_no_user_at_all_are_told_as_such() {
    let secured = Secured::start(1).await;
    let told = async |uri: &str| {
        let error = work(&connect(uri, quick()).await).await.unwrap_err();
        assert_eq!(error.fault(), Fault::NeedsAction);
        error.to_string()
    };
    let wrong = told(&secured.server.uri_of(("root", "wrong"), DATABASE)).await;
    assert!(wrong.contains("check the user name, the password and authSource"), "{wrong}");
    let nobody = told(&secured.server.database_uri(DATABASE)).await;
    assert!(nobody.contains("the connection string names none"), "{nobody}");
}
