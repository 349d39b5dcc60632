//! The set loses its primary, its majority, or what only its primary had.

use faults::{scenarios, within_deadline};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_killed_primary_a_stepdown_and_two_of_three_lost_lose_and_double_nothing() {
    within_deadline(scenarios::failover(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn writes_that_are_rolled_back_are_shown_to_nobody() {
    within_deadline(scenarios::rollback(1)).await;
}
