//! Clients that are cut off, slow, frozen, or bring ids of their own making.

use faults::{scenarios, within_deadline};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn cut_off_within_history_and_transactions_and_among_equal_dates_they_lose_and_double_nothing()
 {
    within_deadline(scenarios::disconnects(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn cut_off_within_transactions_they_are_given_the_rest_by_an_instance_that_knows_nothing() {
    within_deadline(scenarios::transactions(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn slow_and_frozen_ones_hold_bounded_memory_and_delay_nobody() {
    within_deadline(scenarios::slow(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn those_that_freeze_while_they_catch_up_hold_bounded_memory_and_delay_nobody() {
    within_deadline(scenarios::stalled(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn forged_future_and_foreign_ids_are_answered_with_a_reset_and_one_page() {
    within_deadline(scenarios::ids(1)).await;
}
