//! What the fields of a record are called.

pub(super) const ID: &str = "_id";
/// That which a writer has given, within `_id`.
pub(super) const GIVEN_ID: &str = "id";
pub(super) const WORKSPACE: &str = "workspace_id";
pub(super) const WORKFLOW: &str = "workflow_id";
pub(super) const DATE: &str = "date";
pub(super) const LEVEL: &str = "level";
pub(super) const KIND: &str = "type";
pub(super) const MESSAGE: &str = "message";
