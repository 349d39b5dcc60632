//! Both stores are the same to a follower: one suite, run against each.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod crowd;
mod rules;
mod searches;
mod suite;
mod values;
mod walks;

use std::time::Duration;

use clap::Parser;
use log_server::access::RowFields;
use log_server::cli::Arguments;
use log_server::fields::FieldMap;
use log_server::search::Effort;
use log_server::store::{MongoStore, SqliteStore, mongo};
use testbed::Mongod;

/// Runs each test of the suite on a store of its own; `$attribute` says when.
macro_rules! suite {
    ($store:ident, # $attribute:tt) => {
        suite! { $store, # $attribute:
            history_is_paged_exactly_once_in_both_orders,
            a_snapshot_does_not_move,
            a_page_of_nothing_is_a_position,
            several_topics_are_merged,
            changes_go_on_right_after_any_position,
            history_and_changes_meet_without_a_gap,
            a_position_ahead_of_the_log_is_refused,
            coordinates_survive_their_encoding,
            it_does_what_a_follower_relies_on,
            workspaces_and_workflows_are_listed,
            a_search_finds_what_a_look_at_every_row_finds,
            a_search_for_what_is_not_there_stops_and_goes_on_to_the_end,
            rows_that_others_wrote_are_found_by_what_they_say,
            rules_show_ones_own_rows_and_no_others_whatever_is_searched_for,
            an_id_is_free_in_a_workflow_whatever_ids_others_have,
        }
    };
    ($store:ident, $attribute:tt $of:tt: $($test:ident,)*) => {
        mod $store {
            $(suite! { @ $attribute $of $store $test })*
        }
    };
    (@ $attribute:tt $of:tt $store:ident $test:ident) => {
        $attribute $of
        #[tokio::test(flavor = "multi_thread")]
        async fn $test() {
            let made = super::$store().await;
            super::every::$test(&made.0).await;
        }
    };
}

/// Every test of both files.
mod every {
    pub(crate) use super::rules::*;
    pub(crate) use super::searches::*;
    pub(crate) use super::suite::*;
}

/// So few that searches stop in between.
const SEARCHED_ROWS: usize = 37;

suite! { sqlite, #[cfg(all())] }
suite! { change_streams, #[ignore = "needs MongoDB; cargo xtask test runs it"] }
suite! { polling, #[ignore = "needs MongoDB; cargo xtask test runs it"] }

async fn sqlite() -> (SqliteStore, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::ruled_by(folder.path().join("logs.db"), fields()).unwrap();
    (store.searching(Effort { rows: SEARCHED_ROWS, ..Effort::default() }), folder)
}

async fn change_streams() -> (MongoStore, Mongod) {
    connect(Mongod::replica_set(1).unwrap()).await
}

async fn polling() -> (MongoStore, Mongod) {
    connect(Mongod::standalone().unwrap()).await
}

async fn connect(server: Mongod) -> (MongoStore, Mongod) {
    let mut arguments = Arguments::parse_from(["log-server"]);
    arguments.lateness = Duration::from_millis(300);
    arguments.poll_interval = Duration::from_millis(50);
    arguments.search_rows = SEARCHED_ROWS.try_into().unwrap();
    let store = mongo::connect(
        &server.database_uri("wfm"),
        "logs",
        FieldMap::default(),
        &arguments,
        fields(),
    )
    .await
    .unwrap();
    (store, server)
}

/// What rules may be about.
fn fields() -> RowFields {
    RowFields::new(["owner".to_owned(), "team.name".to_owned()]).unwrap()
}
