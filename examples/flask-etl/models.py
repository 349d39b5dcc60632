"""What the service keeps in MongoDB, by PyMODM."""

from pymodm import MongoModel, fields


class Log(MongoModel):
    """A line of a workflow's log. The log server reads the same collection."""

    workspace_id = fields.CharField()
    workflow_id = fields.CharField()
    date = fields.DateTimeField()
    level = fields.CharField()
    type = fields.CharField()
    message = fields.CharField()

    class Meta:
        collection_name = "logs"
        final = True  # no `_cls` in the documents
        ignore_unknown_fields = True
