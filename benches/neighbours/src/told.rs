//! What the server has answered to a load.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What the server has answered, by status.
#[derive(Clone, Default)]
pub struct Told(Arc<Mutex<BTreeMap<String, usize>>>);

impl Told {
    pub fn note(&self, what: impl ToString) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *told.entry(what.to_string()).or_default() += 1;
    }

    pub fn words(&self) -> String {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let words: Vec<_> = told.iter().map(|(what, times)| format!("{times} × {what}")).collect();
        words.join(", ")
    }
}
