//! What may be done where.

use super::{Pattern, Place, Right, Rights};

/// Rights in some workspaces, for some of their workflows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Which workspaces.
    pub workspaces: Vec<Pattern>,
    /// Which of their workflows.
    pub workflows: Vec<Pattern>,
    /// What is allowed there. [`Right::Operate`] is about the server, wherever it stands.
    pub rights: Rights,
}

/// All that a caller may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants(pub Vec<Grant>);

impl Grants {
    /// Everything, everywhere.
    pub fn all() -> Self {
        let any = || vec![Pattern::any()];
        Self(vec![Grant { workspaces: any(), workflows: any(), rights: Rights::ALL }])
    }

    /// Whether this may be done there.
    ///
    /// To a place without a workflow it is allowed when it is for some of them, and likewise
    /// without a workspace.
    pub fn allow(&self, right: Right, place: &Place) -> bool {
        let admit = |patterns: &[Pattern], name: &Option<Box<str>>| match name {
            Some(name) => patterns.iter().any(|pattern| pattern.admits(name)),
            None => !patterns.is_empty(),
        };
        self.0.iter().any(|grant| {
            grant.rights.has(right)
                && (right == Right::Operate
                    || admit(&grant.workspaces, &place.workspace)
                        && admit(&grant.workflows, &place.workflow))
        })
    }
}
