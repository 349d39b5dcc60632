//! What may be done where.

use super::{Pattern, Place, Prefixes, Right, Rights, Workflows};

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

    /// With what the names begin of the workspaces in which this may be done, or else of the workflows
    /// of one. There may be others with the same beginnings.
    pub fn prefixes(&self, right: Right, workspace: Option<&str>) -> Prefixes {
        let of = |grant: &Grant| grant.rights.has(right) && grant.is_for(workspace);
        let names = self.0.iter().filter(|grant| of(grant)).flat_map(|grant| match workspace {
            Some(_) => &grant.workflows,
            None => &grant.workspaces,
        });
        Prefixes::new(names.map(Pattern::prefix))
    }

    /// Whether this may be done there.
    ///
    /// For some workflows it is allowed when it is for one, and likewise without a workspace; for
    /// all of them, when one pattern is for all names; for several, when it is for each.
    pub fn allow(&self, right: Right, place: &Place) -> bool {
        if let Workflows::Several(names) = &place.workflows {
            return names.iter().all(|name| {
                let workflows = Workflows::One(name.clone());
                self.allow(right, &Place { workflows, workspace: place.workspace.clone() })
            });
        }
        self.0.iter().any(|grant| {
            grant.rights.has(right)
                && (right == Right::Operate
                    || grant.is_for(place.workspace.as_deref())
                        && grant.is_for_those(&place.workflows))
        })
    }
}

impl Grant {
    /// Whether it is for this workspace, or, without one, for some.
    fn is_for(&self, workspace: Option<&str>) -> bool {
        admit(&self.workspaces, workspace)
    }

    fn is_for_those(&self, workflows: &Workflows) -> bool {
        match workflows {
            Workflows::Some => admit(&self.workflows, None),
            Workflows::All => self.workflows.iter().any(Pattern::is_any),
            Workflows::One(name) => admit(&self.workflows, Some(name)),
            Workflows::Several(_) => false,
        }
    }
}

fn admit(patterns: &[Pattern], name: Option<&str>) -> bool {
    match name {
        Some(name) => patterns.iter().any(|pattern| pattern.admits(name)),
        None => !patterns.is_empty(),
    }
}
