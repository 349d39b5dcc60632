//! What to grant to a user who was refused.

use serde_json::Value;

use super::operation::Operation;

/// What the user needs, on what, and what to enter in mongosh for it. `refusal` is what the server
/// says, such as `not authorized on etl to execute command { find: "logs", …`.
pub(crate) fn advice(operation: Operation, refusal: &str) -> String {
    if refusal.contains("requires authentication") {
        return "the server lets only its users in, and the connection string names none: \
                mongodb://user:password@host/database?authSource=admin"
            .to_owned();
    }
    // Polling reads changes by what is history's.
    let polls = operation == Operation::Changes && refusal.contains("command { find:");
    let actions = if polls { Operation::History } else { operation }.actions();
    if actions.is_empty() {
        return "the user needs to be authenticated".to_owned();
    }
    let (kind, named) = match (operation, named(refusal)) {
        (Operation::Find, named) => ("database", named.map(|(database, _)| (database, ""))),
        (_, named) => ("collection", named.filter(|(_, collection)| !collection.is_empty())),
    };
    let needed = format!("the user needs {} on the {kind}", actions.join(" and "));
    // The server words its refusals as it likes; then the rest is for the reader to fill in.
    let Some((database, collection)) = named else { return needed };
    let quoted = |text: &str| Value::from(text).to_string();
    let actions = actions.iter().map(|action| quoted(action)).collect::<Vec<_>>().join(",");
    let dot = if collection.is_empty() { "" } else { "." };
    let (db, coll) = (quoted(database), quoted(collection));
    format!(
        "{needed} {database}{dot}{collection}; grant it to a role of the user with: \
         db.getSiblingDB({db}).grantPrivilegesToRole(\"ROLE\", \
         [{{\"resource\":{{\"db\":{db},\"collection\":{coll}}},\"actions\":[{actions}]}}])"
    )
}

/// The database and the collection, which is empty where the command names none.
fn named(refusal: &str) -> Option<(&str, &str)> {
    let (_, refused) = refusal.split_once("not authorized on ")?;
    let (database, command) = refused.split_once(" to execute command { ")?;
    let (_, value) = command.split_once(": ")?;
    let collection = value.strip_prefix('"').and_then(|name| name.split_once('"'));
    Some((database, collection.map_or("", |(name, _)| name)))
}
