//! Which log a request names.

use axum::extract::{FromRequestParts, Path};
use gapless_sse_core::follow::Topic;
use http::request::Parts;

use super::problem::Problem;

/// The workflow of a path `…/{workspace}/workflow/{workflow}/…`.
#[derive(Debug)]
pub(super) struct Workflow {
    workspace: String,
    workflow: String,
}

impl Workflow {
    pub(super) fn topic(&self) -> Topic {
        Topic::new(&*self.workspace, &*self.workflow)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Workflow {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((workspace, workflow)) =
            path.map_err(|error| Problem::bad_request(error.body_text()))?;
        Ok(Self { workspace, workflow })
    }
}

/// The workspace of a path `…/{workspace}/workflow`.
#[derive(Debug)]
pub(super) struct Workspace(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Workspace {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(workspace) = path.map_err(|error| Problem::bad_request(error.body_text()))?;
        Ok(Self(workspace))
    }
}
