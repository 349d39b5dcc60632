"""The service's own users, in a JSON file, and what guards its views.

The file is read for each request, so a right that is taken back is gone at once:

    {"ann": {"token": "…", "workspaces": {"etl": ["read", "append"]}, "rows": {"owner": "ann"}}}
"""

import hmac
import json
from functools import wraps
from pathlib import Path

from flask import abort, current_app, g, request


def caller():
    """The name and the entry of whoever calls, by his token or his cookie."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        token = request.cookies.get("service_session", "")
    users = json.loads(Path(current_app.config["USERS"]).read_text())
    for name, user in users.items():
        if token and hmac.compare_digest(user["token"].encode(), token.encode()):
            return name, user
    return None, None


def may(user, right, workspace):
    if right == "operate":
        return user.get("operator", False)
    if not workspace:
        return right == "read"  # a list, of what he may see
    return right in user["workspaces"].get(workspace, [])


def auth_required(right=None):
    """Lets those use a view who have this right, or that of the query, in its workspace."""

    def decorate(view):
        @wraps(view)
        def guarded(*args, **kwargs):
            g.name, g.user = caller()
            if g.user is None:
                return {"error": "sign in"}, 401, {"WWW-Authenticate": 'Bearer realm="service"'}
            workspace = kwargs.get("workspace", request.args.get("workspace"))
            if not may(g.user, right or request.args.get("right"), workspace):
                abort(403)
            return view(*args, **kwargs)

        return guarded

    return decorate
