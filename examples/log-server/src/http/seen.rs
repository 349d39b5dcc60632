//! What of a list its caller may see.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::asked::Asked;
use super::problem::Problem;
use crate::access::{Access, Caller, Credentials, Denied, Place, Prefixes, Reason, Right};

/// How many names are asked about at a time.
const AT_A_TIME: usize = 16;

/// What of a list its caller may see.
pub(super) struct Seen<'a> {
    access: &'a Access,
    caller: &'a Caller,
    credentials: Arc<Credentials>,
    workspace: Option<&'a str>,
    prefixes: Prefixes,
}

impl<'a> Seen<'a> {
    /// Of the workspaces, or of the workflows of one.
    pub(super) fn new(
        access: &'a Access,
        asked: &'a Asked,
        workspace: Option<&'a str>,
    ) -> Result<Self, Problem> {
        let caller = asked.let_pass()?;
        let prefixes = if caller.only_there {
            Prefixes::all()
        } else {
            caller.grants.prefixes(Right::Read, workspace)
        };
        // A ticket is for once, and each name is asked about.
        let credentials =
            caller.ask_with.clone().unwrap_or_else(|| Arc::new(asked.credentials().clone()));
        Ok(Self { access, caller, credentials, workspace, prefixes })
    }

    /// Of which workspace, if it is of workflows.
    pub(super) fn workspace(&self) -> Option<&str> {
        self.workspace
    }

    /// Behind which name the next one may come that may be seen; see [`Prefixes::go_on`].
    #[expect(clippy::option_option, reason = "no name, and none left")]
    pub(super) fn go_on(&self, after: Option<&str>) -> Option<Option<String>> {
        self.prefixes.go_on(after)
    }

    /// Those of these names that may be seen.
    pub(super) async fn of(&self, mut names: Vec<String>) -> Result<Vec<String>, Problem> {
        if !self.caller.only_there {
            names.retain(|name| self.caller.grants.allow(Right::Read, &self.place(name)));
            return Ok(names);
        }
        let mut seen = Vec::new();
        for names in names.chunks(AT_A_TIME) {
            seen.extend(self.ask(names).await?);
        }
        Ok(seen)
    }

    /// Asks whoever decides about each of these names.
    async fn ask(&self, names: &[String]) -> Result<Vec<String>, Denied> {
        let mut asks = JoinSet::new();
        for (at, name) in names.iter().enumerate() {
            let (access, credentials) = (self.access.clone(), Arc::clone(&self.credentials));
            let place = self.place(name);
            asks.spawn(
                async move { (at, access.check(&credentials, Right::Read, &place).await.err()) },
            );
        }
        let mut admitted = vec![false; names.len()];
        while let Some(asked) = asks.join_next().await {
            let Ok((at, denied)) = asked else { continue };
            match denied {
                None => admitted[at] = true,
                Some(denied) if denied.reason == Reason::Unavailable => return Err(denied),
                Some(_) => {}
            }
        }
        let names = names.iter().zip(admitted).filter(|(_, admitted)| *admitted);
        Ok(names.map(|(name, _)| name.clone()).collect())
    }

    fn place(&self, name: &str) -> Place {
        match self.workspace {
            Some(workspace) => Place::workflow(workspace, name),
            None => Place::workspace(name),
        }
    }
}
