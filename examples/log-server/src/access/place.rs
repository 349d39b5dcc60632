//! Where something is to be done.

use gapless_sse_core::follow::Topic;

/// What a request is about: a workflow, a workspace, or the whole server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// The workspace, unless it is the whole server.
    pub workspace: Option<Box<str>>,
    /// Which of its workflows.
    pub workflows: Workflows,
}

/// Which workflows of a workspace something is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Workflows {
    /// Some of them, as a list is, which shows those that one may see.
    #[default]
    Some,
    /// All there are, and those that are still to come.
    All,
    /// This one.
    One(Box<str>),
    /// Each of these.
    Several(Box<[Box<str>]>),
}

impl Place {
    /// One workflow.
    pub fn workflow(workspace: &str, workflow: &str) -> Self {
        Self { workspace: Some(workspace.into()), workflows: Workflows::One(workflow.into()) }
    }

    /// A workspace with all of its workflows.
    pub fn whole(workspace: &str) -> Self {
        Self { workspace: Some(workspace.into()), workflows: Workflows::All }
    }

    /// Some of a workspace.
    pub fn workspace(workspace: &str) -> Self {
        Self { workspace: Some(workspace.into()), workflows: Workflows::Some }
    }
}

impl From<&Topic> for Place {
    fn from(topic: &Topic) -> Self {
        Self::workflow(topic.space(), topic.name())
    }
}
