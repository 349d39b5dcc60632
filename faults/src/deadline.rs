//! An end for a run that hangs.

use std::time::Duration;

use tokio::time::timeout;

/// A run takes a fraction of it.
const LIMIT: Duration = Duration::from_secs(280);

/// Runs a scenario in a task of its own, and gives it up when it hangs, whatever runs the tests.
///
/// # Panics
///
/// As the scenario does, or when it takes more than 280 s.
pub async fn within_deadline(scenario: impl Future<Output = ()> + Send + 'static) {
    let mut run = tokio::spawn(scenario);
    let Ok(ended) = timeout(LIMIT, &mut run).await else {
        run.abort();
        panic!("the scenario hangs: it has not come to an end in {LIMIT:?}");
    };
    if let Err(failed) = ended {
        std::panic::resume_unwind(failed.into_panic());
    }
}
