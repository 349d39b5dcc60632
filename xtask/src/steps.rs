//! Steps: announced, timed, and summed up at the end.

use std::time::{Duration, Instant};

use crate::failure::Failure;

/// The steps taken so far.
#[derive(Debug, Default)]
pub(crate) struct Steps(Vec<Step>);

#[derive(Debug)]
struct Step {
    name: String,
    took: Duration,
    failure: Option<Failure>,
}

impl Steps {
    /// Takes a step; whether it failed is kept for the summary, and what follows goes on.
    pub(crate) fn take(&mut self, name: &str, work: impl FnOnce() -> Result<(), Failure>) {
        println!("\n=== {name}");
        let began = Instant::now();
        let failure = work().err();
        if let Some(failure) = &failure {
            println!("--- {name} failed: {failure}");
        }
        self.0.push(Step { name: name.to_owned(), took: began.elapsed(), failure });
    }

    /// Prints what failed once more, a line for each step and the closing count; true if none
    /// failed.
    pub(crate) fn summary(&self) -> bool {
        for Step { name, failure, .. } in &self.0 {
            if let Some(said) = failure.as_ref().and_then(Failure::said) {
                println!("\n=== {name} failed, its last lines were\n{said}");
            }
        }
        println!("\n{}", self.table());
        self.failed() == 0
    }

    /// How many of them failed.
    pub(crate) fn failed(&self) -> usize {
        self.0.iter().filter(|step| step.failure.is_some()).count()
    }

    fn table(&self) -> String {
        let width = self.0.iter().map(|step| step.name.len()).max().unwrap_or(0);
        let mut lines = Vec::new();
        for Step { name, took, failure } in &self.0 {
            let took = took.as_secs_f64();
            let result = if failure.is_some() { "FAILED" } else { "ok" };
            lines.push(format!("{name:width$}  {result:6}  {took:7.1} s"));
        }
        for Step { name, failure, .. } in &self.0 {
            lines.extend(failure.as_ref().map(|failure| format!("{name}: {failure}")));
        }
        let failed = self.failed();
        lines.push(format!("{} passed, {failed} failed", self.0.len() - failed));
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_ends_with_the_count_alone_on_its_line() {
        let mut steps = Steps::default();
        steps.take("one", || Ok(()));
        steps.take("two", || Err(Failure::Found("three things".to_owned())));
        let table = steps.table();
        let lines: Vec<_> = table.lines().collect();
        assert!(lines[0].starts_with("one  ok"), "{table}");
        assert!(lines[1].starts_with("two  FAILED"), "{table}");
        assert_eq!(lines[2..], ["two: three things", "1 passed, 1 failed"]);
        assert!(!steps.summary());
    }
}
