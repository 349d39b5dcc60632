"""Reads a server's description, and holds what the server answers and streams to it."""

import json
import sys
import urllib.error
import urllib.request

import jsonschema_rs
from openapi_spec_validator import validate

SERVER = sys.argv[1]
LOGS = "/wfm/workflow/workspace/{workspace}/workflow/{workflow}/logs"
NAMES = {"{workspace}": "etl", "{workflow}": "orders", "{kind}": "forbidden", "{id}": "a"}


def ask(path, method="GET", body=None, headers=None):
    request = urllib.request.Request(SERVER + path, body, headers or {}, method=method)
    try:
        return urllib.request.urlopen(request, timeout=20)
    except urllib.error.HTTPError as refused:
        return refused


document = json.load(ask("/openapi.json"))
validate(document)
components = document["components"]


def hold(value, schema, what):
    whole = {**schema, "components": components}
    errors = list(jsonschema_rs.Draft202012Validator(whole).iter_errors(value))
    assert not errors, f"{what}: {value!r} is not as it is described: {errors[0]}"


def answers(path, method="GET", query="", body=None, headers=None, status=200):
    """Asks, and holds the answer to what is described of it."""
    named = path
    for name, value in NAMES.items():
        named = named.replace(name, value)
    answer = ask(named + query, method, body, headers)
    said = answer.read()
    assert answer.status == status, f"{method} {named}{query}: {answer.status} {said}"
    described = document["paths"][path][method.lower()]["responses"][str(status)]
    if "$ref" in described:
        described = components["responses"][described["$ref"].rsplit("/", 1)[1]]
    kind = answer.headers.get_content_type()
    content = described.get("content", {})
    assert (kind in content) if said else not content, f"{method} {named}: {kind} is not described"
    if kind.endswith("ndjson"):
        for line in said.splitlines():
            assert isinstance(json.loads(line), dict), line
    elif kind.endswith("json"):
        hold(json.loads(said), content[kind]["schema"], f"{method} {named}{query}")
        # What is described is also what makes a difference.
        refuses([json.loads(said)], content[kind]["schema"])
    return said


def refuses(value, schema):
    whole = {**schema, "components": components}
    assert not jsonschema_rs.Draft202012Validator(whole).is_valid(value), "anything is taken"


def events(path, enough, headers=None):
    """The events of a stream until there are enough: as they came, each as the description has it."""
    read, event, data = [], {"event": "message"}, []
    with ask(path, headers=headers) as answer:
        assert answer.headers.get_content_type() == "text/event-stream"
        for line in answer:
            name, _, value = line.decode().rstrip("\n").partition(":")
            value = value.removeprefix(" ")
            if name in ("event", "id"):
                event[name] = value
            elif name == "data":
                data.append(value)
            elif not name and not value and data:
                read.append({**event, "data": "\n".join(data)})
                event, data = {"event": "message"}, []
                if enough(read):
                    return read
    raise AssertionError(f"the stream has ended: {read}")


STREAM = components["schemas"]["Events"]
EVENTS = {}
for reference in STREAM["contentSchema"]["items"]["oneOf"]:
    schema = components["schemas"][reference["$ref"].rsplit("/", 1)[1]]
    EVENTS[schema["properties"]["event"]["const"]] = schema


def hold_events(read):
    hold(read, STREAM["contentSchema"], "the stream")
    for event in read:
        data = EVENTS[event["event"]]["properties"]["data"]
        hold(json.loads(event["data"]), data["contentSchema"], event["event"])
        refuses(None, data["contentSchema"])
    return {event["event"] for event in read}


lines = {"Content-Type": "application/x-ndjson"}
rows = b'{"message": "one", "id": "a", "more": {"rows": [1, null]}}\n{"message": "two", "level": "ERROR"}'
answers(LOGS, "POST", body=rows, headers=lines, status=201)
answers(LOGS, "POST", body=b'{"message": "else", "id": "a"}', headers=lines, status=409)
answers(LOGS, "POST", body=b"{}", headers=lines, status=400)
page = json.loads(answers(LOGS, query="?limit=1"))
answers(LOGS, query=f"?limit=1&cursor={page['next']}")
answers(LOGS, query="?q=nowhere")
answers(LOGS, query="?limit=many", status=400)
read_without_more = ["/problems/{kind}", "/wfm/workflow/workspace/{workspace}/workflow"]
for path, methods in document["paths"].items():
    streams = "text/event-stream" in methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
    if "get" in methods and not streams:
        answers(path)
NAMES["{kind}"] = "of-nobody"
answers("/problems/{kind}", status=404)
seen = set()
orders = LOGS.replace("{workspace}", "etl").replace("{workflow}", "orders")
of = lambda kind, count: lambda read: [event["event"] for event in read].count(kind) >= count
for stream in [path for path in document["paths"] if path.endswith("/logs/stream")]:
    named = stream.replace("{workspace}", "etl").replace("{workflow}", "orders")
    first = events(f"{named}?history=all", of("message", 2))
    seen |= hold_events(first)
    seen |= hold_events(events(f"{named}?history=all", of("sync", 1)))
    last = [event["id"] for event in first if event.get("id")][-1]
    seen |= hold_events(events(named, of("start", 1), {"Last-Event-ID": last}))
    seen |= hold_events(events(f"{named}?lastEventId=forged", of("message", 2)))
assert {"start", "message", "sync", "reset"} <= seen, seen
print(f"{len(document['paths'])} paths and {', '.join(sorted(seen))} are as they are described")
