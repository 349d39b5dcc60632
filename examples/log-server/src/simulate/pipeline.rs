//! What one made-up pipeline has to say, line by line.

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::row::NewRow;

/// A pipeline and what it works on.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) name: &'static str,
    source: &'static str,
    target: &'static str,
    rows: u64,
    batch: u64,
}

/// The pipelines of the simulation.
pub(super) const PLANS: [Plan; 4] = [
    Plan {
        name: "orders-nightly",
        source: "postgres://erp/orders",
        target: "warehouse.fact_orders",
        rows: 1_840_000,
        batch: 25_000,
    },
    Plan {
        name: "customers-sync",
        source: "crm-api/v3/customers",
        target: "warehouse.dim_customer",
        rows: 212_000,
        batch: 5_000,
    },
    Plan {
        name: "clickstream-hourly",
        source: "s3://events/clickstream",
        target: "warehouse.fact_page_view",
        rows: 9_600_000,
        batch: 120_000,
    },
    Plan {
        name: "billing-reconcile",
        source: "sftp://bank/statements",
        target: "finance.reconciliation",
        rows: 86_000,
        batch: 2_000,
    },
];

const STAGES: [&str; 4] = ["extract", "transform", "validate", "load"];

const WARNINGS: [(&str, &str); 5] = [
    ("retry", "source answered 503, retrying in 2 s (attempt 1 of 5)"),
    ("data", "17 rows have no `currency`; EUR is assumed"),
    ("data", "column `discount_code` has 41 values that are not in the dictionary"),
    ("slow", "batch took 8.4 s, three times the usual"),
    ("memory", "buffer at 83 % of 2 GiB, flushing early"),
];

const TRACE: &str = "Traceback (most recent call last):
  File \"/opt/etl/runner.py\", line 214, in run_batch
    rows = stage.process(batch)
  File \"/opt/etl/stages/transform.py\", line 88, in process
    return [self.convert(row) for row in batch]
  File \"/opt/etl/stages/transform.py\", line 131, in convert
    amount = Decimal(row[\"amount\"])
decimal.InvalidOperation: [<class 'decimal.ConversionSyntax'>]";

/// A run that never ends: when one is complete, the next begins.
#[derive(Debug)]
pub(super) struct Pipeline {
    plan: &'static Plan,
    rng: Rng,
    run: u64,
    stage: usize,
    done: u64,
    step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    RunBegins,
    StageBegins,
    Batches,
    Recovering,
    StageEnds,
}

impl Pipeline {
    pub(super) fn new(plan: &'static Plan, mut rng: Rng) -> Self {
        let run = rng.u64(1000..9000);
        Self { plan, rng, run, stage: 0, done: 0, step: Step::RunBegins }
    }

    /// The next line, as of `date`.
    pub(super) fn line(&mut self, date: Timestamp) -> NewRow {
        let (level, kind, message, more) = self.next();
        let Value::Object(more) = more else { unreachable!("each step gives an object") };
        let mut fields = Map::from_iter([("run".to_owned(), self.run.into())]);
        fields.extend(more);
        NewRow {
            id: None,
            date,
            level: level.to_owned(),
            kind: kind.to_owned(),
            message,
            more: fields,
        }
    }

    fn next(&mut self) -> (&'static str, &'static str, String, Value) {
        let Plan { name, source, target, .. } = self.plan;
        let stage = STAGES[self.stage];
        match self.step {
            Step::RunBegins => {
                self.run += 1;
                self.step = Step::StageBegins;
                let run = self.run;
                let message = format!("run {run} of {name} begins: {source} → {target}");
                ("INFO", "run", message, json!({ "source": source, "target": target }))
            }
            Step::StageBegins => {
                self.step = Step::Batches;
                self.done = 0;
                ("INFO", "stage", format!("stage {stage} begins"), json!({ "stage": stage }))
            }
            Step::Batches => self.batch(stage),
            Step::Recovering => {
                self.step = Step::Batches;
                let message = "batch set aside in quarantine, going on with the next".to_owned();
                ("INFO", "recovery", message, json!({ "stage": stage, "quarantined": 1 }))
            }
            Step::StageEnds => {
                let rows = self.done;
                self.stage = (self.stage + 1) % STAGES.len();
                self.step = if self.stage == 0 { Step::RunBegins } else { Step::StageBegins };
                let seconds = self.rng.u32(40..400);
                let message = format!("stage {stage} complete: {rows} rows in {seconds} s");
                let more = json!({ "stage": stage, "rows": rows, "seconds": seconds });
                ("INFO", "stage", message, more)
            }
        }
    }

    fn batch(&mut self, stage: &'static str) -> (&'static str, &'static str, String, Value) {
        match self.rng.u8(..100) {
            0..=1 => {
                self.step = Step::Recovering;
                let first = self.done + self.rng.u64(..self.plan.batch);
                let message = format!("batch from row {first} failed in {stage}\n{TRACE}");
                ("ERROR", "exception", message, json!({ "stage": stage, "row": first }))
            }
            2..=7 => {
                let (kind, message) = WARNINGS[self.rng.usize(..WARNINGS.len())];
                ("WARNING", kind, message.to_owned(), json!({ "stage": stage }))
            }
            8..=17 => {
                let ms = self.rng.u32(3..900);
                let message = format!("query returned in {ms} ms, connection 4 of 8 reused");
                ("DEBUG", "query", message, json!({ "stage": stage, "duration_ms": ms }))
            }
            _ => {
                let total = self.plan.rows;
                let rows = self.plan.batch * self.rng.u64(70..130) / 100;
                self.done = (self.done + rows).min(total);
                if self.done == total {
                    self.step = Step::StageEnds;
                }
                let (done, percent) = (self.done, self.done * 100 / total);
                let message = format!("{stage}: {done} of {total} rows ({percent} %)");
                let more = json!({ "stage": stage, "rows": done, "percent": percent });
                ("INFO", "progress", message, more)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_says_all_that_a_page_has_to_show() {
        let mut pipeline = Pipeline::new(&PLANS[1], Rng::with_seed(7));
        let rows: Vec<_> = (0..3000).map(|_| pipeline.line(Timestamp::UNIX_EPOCH)).collect();
        for level in ["DEBUG", "INFO", "WARNING", "ERROR"] {
            assert!(rows.iter().any(|row| row.level == level), "{level}");
        }
        assert!(rows.iter().any(|row| row.message.contains("Traceback")));
        assert!(rows.iter().filter(|row| row.kind == "run").count() > 1);
    }
}
