//! The names that a caller may know of.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use gapless_sse_core::follow::{HistoryQuery, Scope, SortOrder};

use super::App;
use super::client::Client;
use super::problem::Problem;
use super::query::Parameters;
use crate::access::{Caller, Place, Right};
use crate::search::{Search, Terms};
use crate::store::Store;

/// How many names are looked at together, behind those of which there may be enough.
const MORE: usize = 500;

/// Which names are listed.
pub(super) struct List {
    after: Option<String>,
    limit: usize,
}

impl List {
    pub(super) fn new(
        query: Result<Query<Vec<(String, String)>>, QueryRejection>,
    ) -> Result<Self, Problem> {
        let mut parameters = Parameters::new(query, &["limit", "after"])?;
        Ok(Self { limit: parameters.limit()?, after: parameters.take("after") })
    }
}

/// What a caller sees of a store: of workspaces and workflows, those in which he may read and, under
/// rules, in which a row is found that is his.
pub(super) struct Seen<'a, S: Store> {
    store: &'a S,
    caller: &'a Caller,
    his: Search,
}

impl<'a, S: Store> Seen<'a, S> {
    pub(super) async fn by(
        app: &'a App<S>,
        Client(client): Client,
        caller: &'a Caller,
    ) -> Result<Self, Problem> {
        let his = app.searches.open(client, &caller.rows, Terms::default()).await?;
        Ok(Self { store: app.log.source(), caller, his })
    }

    /// A page of the workspaces, or of the workflows of one, and the `after` of the next page.
    pub(super) async fn page(
        &self,
        workspace: Option<&str>,
        List { mut after, limit }: List,
    ) -> Result<(Vec<String>, Option<String>), Problem> {
        let (mut seen, mut count) = (Vec::new(), limit + 1);
        loop {
            let names = self.names(workspace, after.as_deref(), count).await?;
            let more = names.len() == count;
            after = names.last().cloned();
            for name in names {
                let is_seen = match workspace {
                    Some(workspace) => self.sees_workflow(workspace, &name).await?,
                    None => self.sees_workspace(&name).await?,
                };
                if is_seen && seen.len() == limit {
                    let next = seen.last().cloned();
                    return Ok((seen, next));
                }
                seen.extend(is_seen.then_some(name));
            }
            if !more {
                return Ok((seen, None));
            }
            count = MORE;
        }
    }

    async fn names(
        &self,
        workspace: Option<&str>,
        after: Option<&str>,
        count: usize,
    ) -> Result<Vec<String>, Problem> {
        let names = match workspace {
            Some(workspace) => self.store.workflows(workspace, after, count).await,
            None => self.store.workspaces(after, count).await,
        };
        names.map_err(|error| Problem::unavailable(&error))
    }

    async fn sees_workspace(&self, workspace: &str) -> Result<bool, Problem> {
        let place = Place { workspace: Some(workspace.into()), workflow: None };
        if !self.caller.grants.allow(Right::Read, &place) {
            return Ok(false);
        }
        if self.his.is_everything() {
            return Ok(true);
        }
        let mut after = None;
        loop {
            let names = self.names(Some(workspace), after.as_deref(), MORE).await?;
            for name in &names {
                if self.sees_workflow(workspace, name).await? {
                    return Ok(true);
                }
            }
            if names.len() < MORE {
                return Ok(false);
            }
            after = names.last().cloned();
        }
    }

    async fn sees_workflow(&self, workspace: &str, workflow: &str) -> Result<bool, Problem> {
        let place = Place { workspace: Some(workspace.into()), workflow: Some(workflow.into()) };
        if !self.caller.grants.allow(Right::Read, &place) {
            return Ok(false);
        }
        if self.his.is_everything() {
            return Ok(true);
        }
        // One page looks as far as a search does: of what lies behind that, nothing is said.
        let scope = Scope::new(workspace, [workflow]).filtered(self.his.clone());
        let order = SortOrder::Descending;
        let query = HistoryQuery { as_of: None, after: None, order, limit: 1, max_bytes: 1 };
        let page = self.store.history(&scope, query).await;
        Ok(!page.map_err(|error| Problem::unavailable(&error))?.entries.is_empty())
    }
}
