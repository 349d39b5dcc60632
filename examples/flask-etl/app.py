"""An existing service with logs in MongoDB, which says who may see them in the log server.

    USERS=users.json MONGO=mongodb://127.0.0.1/wfm python app.py 5000
"""

import os
import sys
from datetime import timezone
from urllib.parse import quote

from flask import Flask, g
from pymodm import connect
from werkzeug.serving import make_server

from models import Log
from users import auth_required

app = Flask(__name__)
app.config["USERS"] = os.environ["USERS"]
if "MONGO" in os.environ:
    connect(os.environ["MONGO"], tz_aware=True)


@app.get("/wfm/workflow/workspace/<workspace>/workflow/<workflow>/logs")
@auth_required("read")
def logs(workspace, workflow):
    """What the service has had all along: the newest lines of a workflow."""
    rows = {"workspace_id": workspace, "workflow_id": workflow, **g.user.get("rows", {})}
    newest = Log.objects.raw(rows).order_by([("date", -1)]).limit(100)
    return {"logs": [shown(line) for line in newest]}


def shown(line):
    date = line.date.astimezone(timezone.utc).isoformat()
    return {"date": date, "level": line.level, "type": line.type, "message": line.message}


# The log server asks here, with the token and the cookies of whoever calls it.


@app.get("/auth/logs")
@auth_required()
def may_see_logs():
    rows = g.user.get("rows", {}).items()
    return "", 204, {
        "Log-User": quote(g.name),
        "Log-Workspaces": ", ".join(quote(workspace) for workspace in g.user["workspaces"]),
        "Log-Rows": ", ".join(f"{quote(field)}={quote(value)}" for field, value in rows),
    }


if __name__ == "__main__":
    server = make_server("127.0.0.1", int(sys.argv[1]), app, threaded=True)
    print(f"listening on http://127.0.0.1:{server.port}/", flush=True)
    server.serve_forever()
