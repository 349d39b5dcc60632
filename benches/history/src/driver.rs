//! The same asked of MongoDB itself, by the driver that the log server uses, with its records left
//! as they come.

use bson::{DateTime, Document, RawDocumentBuf, doc};
use futures_util::TryStreamExt;
use mongodb::options::FindOptions;
use mongodb::{Client, Collection};

use crate::outcome::Result;
use crate::question::{Question, merged};
use crate::rows::{LONG, MANY, ONE, RARE_LEVEL, RARE_WORD, Row};

/// So many rows are inserted at a time.
const INSERTED: usize = 5_000;

#[derive(Clone)]
pub struct Driver(Collection<RawDocumentBuf>);

impl Driver {
    pub async fn connect(uri: &str) -> Result<Self> {
        let client = Client::with_uri_str(uri).await?;
        Ok(Self(client.database("bench").collection("logs")))
    }

    pub async fn fill(&self, rows: usize) -> Result<()> {
        let logs = self.0.clone_with_type::<Document>();
        for first in (0..rows).step_by(INSERTED) {
            let numbers = first..(first + INSERTED).min(rows);
            let long = numbers.clone().map(|nth| record(ONE, Row::of_one(nth, rows)));
            logs.insert_many(long).await?;
            logs.insert_many(numbers.map(|nth| record(MANY, Row::of_many(nth)))).await?;
        }
        Ok(())
    }

    pub async fn ask(&self, question: Question) -> Result<()> {
        let of_one = doc! { "workspace_id": ONE, "workflow_id": LONG };
        let newest = doc! { "date": -1, "_id": -1 };
        let with = |more: Document| {
            let mut query = of_one.clone();
            query.extend(more);
            query
        };
        let (query, options) = match question {
            Question::Counts => {
                let group = doc! { "$group": { "_id": "$level", "rows": { "$sum": 1 } } };
                let groups = self.0.aggregate([doc! { "$match": of_one }, group]).await?;
                groups.try_collect::<Vec<_>>().await?;
                return Ok(());
            }
            Question::Page => (of_one, FindOptions::builder().sort(newest).limit(1000).build()),
            Question::RareLevel => (
                with(doc! { "level": RARE_LEVEL }),
                FindOptions::builder().sort(newest).limit(1).build(),
            ),
            Question::RareWord => (
                with(doc! { "message": { "$regex": RARE_WORD } }),
                FindOptions::builder().sort(newest).limit(1).build(),
            ),
            Question::Export => {
                (of_one, FindOptions::builder().sort(doc! { "date": 1, "_id": 1 }).build())
            }
            Question::Merged => {
                let names: Vec<_> = merged().collect();
                let query = doc! { "workspace_id": MANY, "workflow_id": { "$in": names } };
                (query, FindOptions::builder().sort(newest).limit(1000).build())
            }
        };
        let mut cursor = self.0.find(query).with_options(options).await?;
        let mut bytes = 0;
        while cursor.advance().await? {
            bytes += cursor.current().as_bytes().len();
        }
        if bytes == 0 {
            return Err(format!("the driver found nothing for {question:?}").into());
        }
        Ok(())
    }
}

fn record(workspace: &str, row: Row) -> Document {
    let Row { workflow, date, level, kind, message } = row;
    doc! {
        "workspace_id": workspace,
        "workflow_id": workflow,
        "date": DateTime::from_millis(date),
        "level": level,
        "type": kind,
        "message": message,
    }
}
