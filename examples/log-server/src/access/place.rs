//! Where something is to be done.

use gapless_sse_core::follow::Topic;

/// What a request is about: a workflow, a workspace, or the whole server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// The workspace, unless it is the whole server.
    pub workspace: Option<Box<str>>,
    /// The workflow, unless it is all of the workspace.
    pub workflow: Option<Box<str>>,
}

impl From<&Topic> for Place {
    fn from(topic: &Topic) -> Self {
        Self { workspace: Some(topic.space().into()), workflow: Some(topic.name().into()) }
    }
}
