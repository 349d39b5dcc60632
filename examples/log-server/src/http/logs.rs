//! Which logs a request is for: of one workflow, of several, or of a whole workspace.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Query, RawPathParams};
use gapless_sse_core::follow::{Scope, Topic};
use http::Uri;
use http::request::Parts;

use super::problem::Problem;
use crate::access::{Place, Workflows};

/// The parameter that names workflows of a workspace, once for each.
pub(super) const WORKFLOW: &str = "workflow";

/// The most workflows that are named at once.
const MOST: usize = 1000;

/// The logs that a request is for, as its gate has read them from its path and query: what somebody
/// may see is what he is shown.
#[derive(Clone, Debug)]
pub(super) struct Logs(Arc<Named>);

#[derive(Debug)]
struct Named {
    workspace: Box<str>,
    /// Sorted, each once; none for all of them.
    workflows: Option<Vec<String>>,
    /// Whether they are named by parameters, and not by the path.
    by_parameters: bool,
}

impl Logs {
    /// Those of a path `…/{workspace}/workflow/{workflow}/logs…`, or `…/{workspace}/logs…` with
    /// those of its workflows that the query names.
    pub(super) fn of(path: &RawPathParams, uri: &Uri) -> Option<Self> {
        let part = |name| path.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
        let workspace = part("workspace")?.into();
        let workflows = match part("workflow") {
            Some(workflow) => Some(vec![workflow.to_owned()]),
            None => named(uri),
        };
        let by_parameters = part("workflow").is_none();
        Some(Self(Arc::new(Named { workspace, workflows, by_parameters })))
    }

    /// Where one has to be allowed to read.
    ///
    /// # Errors
    ///
    /// When too many workflows are named, or one without a name.
    pub(super) fn place(&self) -> Result<Place, Problem> {
        let Named { workspace, workflows, .. } = &*self.0;
        let names = workflows.as_deref().unwrap_or_default();
        if names.len() > MOST {
            let detail = format!(
                "{} workflows are named, and {MOST} can be; leave out `{WORKFLOW}` for all of them",
                names.len()
            );
            return Err(Problem::bad_request(detail));
        }
        if self.0.by_parameters && names.iter().any(String::is_empty) {
            let detail =
                format!("`{WORKFLOW}` is empty; give it a name, or leave it out for all of them");
            return Err(Problem::bad_request(detail));
        }
        let workflows = match workflows.as_deref() {
            None => Workflows::All,
            Some([name]) => Workflows::One(name.as_str().into()),
            Some(names) => Workflows::Several(names.iter().map(|name| (&**name).into()).collect()),
        };
        Ok(Place { workspace: Some(workspace.clone()), workflows })
    }

    pub(super) fn scope(&self) -> Scope {
        let Named { workspace, workflows, .. } = &*self.0;
        match workflows {
            None => Scope::whole(&**workspace),
            Some(names) => Scope::new(&**workspace, names.iter().map(String::as_str)),
        }
    }

    pub(super) fn workspace(&self) -> &str {
        &self.0.workspace
    }

    /// The workflow, if it is one; else a name that no workflow has, for all of the workspace.
    pub(super) fn topic(&self) -> Topic {
        let name = match self.0.workflows.as_deref() {
            Some([name]) => name,
            _ => "",
        };
        Topic::new(self.workspace(), name)
    }

    /// The parameters that name them.
    pub(super) fn parameters(&self) -> &'static [&'static str] {
        if self.0.by_parameters { &[WORKFLOW] } else { &[] }
    }
}

/// The workflows that a query names; none if it names none.
fn named(uri: &Uri) -> Option<Vec<String>> {
    let Query(query) = Query::<Vec<(String, String)>>::try_from_uri(uri).unwrap_or_default();
    let names = query.into_iter().filter(|(name, _)| name == WORKFLOW);
    let mut names: Vec<_> = names.map(|(_, workflow)| workflow).collect();
    names.sort_unstable();
    names.dedup();
    (!names.is_empty()).then_some(names)
}

impl<S: Send + Sync> FromRequestParts<S> for Logs {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let logs = parts.extensions.get::<Self>().cloned();
        logs.ok_or_else(|| Problem::defect(&std::io::Error::other("a path without its gate")))
    }
}
