//! History that cannot be read any more.

use faults::{scenarios, within_deadline};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_snapshot_that_is_too_old_is_followed_by_a_fresh_one_without_a_gap() {
    within_deadline(scenarios::snapshots(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn an_oplog_that_rolled_over_resets_once_whoever_was_away_and_nobody_else() {
    within_deadline(scenarios::oplog(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_dropped_renamed_or_restored_collection_resets_everybody() {
    within_deadline(scenarios::lives(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn an_index_that_is_built_meanwhile_leaves_no_gap() {
    within_deadline(scenarios::indexed(1)).await;
}
