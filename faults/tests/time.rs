//! Clocks that are off, transactions that are held, and polling.

use faults::{scenarios, within_deadline};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn change_streams_lose_nothing_and_polling_shows_late_exactly_what_came_too_late() {
    within_deadline(scenarios::clocks(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_standalone_that_is_killed_loses_nothing_that_was_visible_in_time() {
    within_deadline(scenarios::standalone(1)).await;
}
