//! Each example does what it says, as the program that it is.

use testbed::scenarios;

#[test]
fn the_readme_shows_the_ticks_as_they_are() {
    scenarios::readme_shows(env!("CARGO_MANIFEST_DIR"), "warp_ticks");
}

#[test]
fn ticks_come_with_type_and_id() {
    scenarios::ticks("warp_ticks");
}

#[test]
fn notifications_reach_their_user_and_wait_for_who_comes_back() {
    scenarios::notifications("warp_notifications");
}

#[test]
fn what_one_says_reaches_everyone_and_a_shutdown_says_when_to_come_back() {
    scenarios::broadcast("warp_broadcast");
}
