//! Where a caller has rows of his own.

use gapless_sse_core::follow::Scope;

use super::App;
use super::asked::Asked;
use super::problem::Problem;
use crate::access::{Caller, Place, Right};
use crate::logs::Sources;
use crate::search::{Search, Terms};
use crate::store::Store;

/// How many workflows are looked at together, to find one with a row of the caller's.
const TOGETHER: usize = 500;

/// Where a caller has rows that his rules show him; without rules, everywhere.
pub(super) struct OwnRows<'a, S: Store> {
    store: &'a Sources<S>,
    caller: &'a Caller,
    own: Search,
}

impl<'a, S: Store> OwnRows<'a, S> {
    pub(super) async fn new(app: &'a App<S>, asked: &'a Asked) -> Result<Self, Problem> {
        let caller = asked.let_pass()?;
        let own =
            app.searches.open(asked.client().network(), &caller.rows, Terms::default()).await?;
        Ok(Self { store: app.log.source(), caller, own })
    }

    /// Those of these workspaces, or workflows of one, in which there is such a row: the first ones,
    /// if that many are enough.
    pub(super) async fn of(
        &self,
        workspace: Option<&str>,
        names: Vec<String>,
        enough: usize,
    ) -> Result<Vec<String>, Problem> {
        if self.own.is_everything() {
            return Ok(names);
        }
        let mut found = Vec::new();
        for name in names {
            let is_there = match workspace {
                Some(workspace) => self.is_in_workflow(workspace, &name).await?,
                None => self.is_in_workspace(&name).await?,
            };
            found.extend(is_there.then_some(name));
            if found.len() == enough {
                break;
            }
        }
        Ok(found)
    }

    async fn is_in_workspace(&self, workspace: &str) -> Result<bool, Problem> {
        let mut after = None;
        loop {
            let names = self.store.workflows(workspace, after.as_deref(), TOGETHER).await;
            let names = names.map_err(|error| Problem::unavailable(&error))?;
            for name in &names {
                if self.is_in_workflow(workspace, name).await? {
                    return Ok(true);
                }
            }
            if names.len() < TOGETHER {
                return Ok(false);
            }
            after = names.last().cloned();
        }
    }

    /// One page looks as far as a search does. Of what lies behind that, nothing is said.
    async fn is_in_workflow(&self, workspace: &str, workflow: &str) -> Result<bool, Problem> {
        let place = Place::workflow(workspace, workflow);
        if !self.caller.only_there && !self.caller.grants.allow(Right::Read, &place) {
            return Ok(false);
        }
        let scope = Scope::new(workspace, [workflow]).filtered(self.own.clone());
        let has_rows = self.store.has_rows(&scope).await;
        has_rows.map_err(|error| Problem::unavailable(&error))
    }
}
