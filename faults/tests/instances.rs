//! Instances of the server that come, go and lag.

use faults::{scenarios, within_deadline};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn restarts_with_a_thousand_clients_lose_and_double_nothing() {
    within_deadline(scenarios::restarts(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn one_that_lags_lets_clients_that_are_ahead_of_it_wait() {
    within_deadline(scenarios::lagging(1)).await;
}
