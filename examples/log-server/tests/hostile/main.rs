//! Hostile requests to the real program: none gets what it may not have, none meets a defect, and a
//! good client beside them notices nothing.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod attempt;
mod bodies;
mod deployment;
mod headers;
mod methods;
mod neighbour;
mod nginx;
mod parameters;
mod paths;
mod positions;
mod slow;
mod smuggling;
mod tokens;
mod web_tokens;

use futures_util::StreamExt;
use futures_util::stream;

use attempt::Attempt;
use deployment::Deployment;
use neighbour::Neighbour;

/// How many are made at the same time.
const AT_ONCE: usize = 16;

#[tokio::test(flavor = "multi_thread")]
async fn no_hostile_request_gets_anything_and_a_good_client_notices_nothing() {
    let deployment = Deployment::start().await;
    let position = deployment.position_in_sales().await;
    let attempts: Vec<Attempt> = [
        tokens::attempts(&deployment),
        web_tokens::attempts(&deployment),
        positions::attempts(&position),
        paths::attempts(),
        parameters::attempts(),
        headers::attempts(),
        bodies::attempts(),
        methods::attempts(),
    ]
    .concat();
    assert!(attempts.len() >= 250, "only {}", attempts.len());

    let alone = Neighbour::alone(&deployment).await;
    let made = async {
        let slow = slow::crowd(deployment.address);
        let made = stream::iter(&attempts).map(|attempt| attempt.make(deployment.address));
        let results = made.buffer_unordered(AT_ONCE).collect::<Vec<_>>();
        let (results, ()) = tokio::join!(results, slow);
        results
    };
    let (beside, results) = Neighbour::beside(&deployment, made).await;
    let failed: Vec<String> = results.into_iter().filter_map(Result::err).collect();
    println!("{} requests; a good client alone: {alone}, beside: {beside}", attempts.len());
    assert!(failed.is_empty(), "{} of them:\n{}", failed.len(), failed.join("\n"));
    assert!(beside.is_as_quick_as(&alone), "alone: {alone}, beside: {beside}");
    deployment.is_well().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx; cargo xtask test runs it"]
async fn what_two_servers_read_differently_reaches_nobody_else_through_nginx() {
    let deployment = Deployment::start().await;
    smuggling::through_nginx(&deployment).await;
    deployment.is_well().await;
}
