//! Verdicts of a filter on events of a ring.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::held::Held;
use crate::follow::filter::Filter;
use crate::follow::panics::caught;
use crate::follow::topic::Scope;
use crate::wire::Encoded;

/// After how long a step ends, with the position that it is at.
const STEP: Duration = Duration::from_micros(500);

/// How many events are taken for one step, and all others at the position of the last.
pub(super) const STEP_EVENTS: usize = 256;

/// What a step is to decide.
#[derive(Debug)]
pub(super) struct Undecided<P, M> {
    /// The events of the scope that follow, with their places: one at least.
    pub(super) events: Vec<(u64, Arc<Held<P, M>>)>,
    /// Whether these are all there are.
    pub(super) is_all: bool,
}

/// What a step has decided.
#[derive(Debug)]
pub(super) struct Decided<P> {
    /// The place behind it.
    pub(super) to: u64,
    /// The position of the last event.
    pub(super) last: P,
    pub(super) admitted: Vec<Admitted>,
    /// Whether there was nothing more to decide.
    pub(super) is_all: bool,
}

/// An event that a filter admits.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) place: u64,
    /// What is shown of it, if that is not its event.
    pub(super) made: Option<Box<Encoded>>,
}

/// Asks the filter of `scope` for its verdicts, in order, until the step's time is over, of all
/// events at one position at least: who has been given some of them counts as having all. Tells the
/// words of a panic of the filter.
pub(super) fn decide<P: Clone + PartialEq, F: Filter>(
    scope: &Scope<F>,
    undecided: Undecided<P, F::Mark>,
) -> Result<Decided<P>, String> {
    // What panics is the filter, or a mark that is dropped.
    let decided = caught(|| step(scope, undecided))?;
    decided.ok_or_else(|| "there was nothing to decide".to_owned())
}

fn step<P: Clone + PartialEq, F: Filter>(
    scope: &Scope<F>,
    Undecided { events, is_all }: Undecided<P, F::Mark>,
) -> Option<Decided<P>> {
    let began = Instant::now();
    let (mut admitted, mut decided) = (Vec::new(), 0);
    for (place, held) in &events {
        if let Some(shown) = held.shown(scope, |mark| scope.filter().admits(mark)) {
            let made = (!held.is_event()).then(|| Box::new(shown));
            admitted.push(Admitted { place: *place, made });
        }
        decided += 1;
        let next = events.get(decided).map(|(_, held)| &held.position);
        if began.elapsed() >= STEP && next != Some(&held.position) {
            break;
        }
    }
    let (place, held) = events[..decided].last()?;
    let (to, last) = (place + 1, held.position.clone());
    Some(Decided { to, last, admitted, is_all: is_all && decided == events.len() })
}
