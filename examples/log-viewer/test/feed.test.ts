import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SignedOut } from "../src/api/failure";
import { Feed } from "../src/log/feed";
import { HandMade, json, row, type Seen, serve, stubFrames } from "./server";

let frames: ReturnType<typeof stubFrames>;
let feed: Feed;
let streams: HandMade[];
let seen: Seen[];
beforeEach(() => {
  vi.useFakeTimers();
  frames = stubFrames();
  streams = [];
  feed = new Feed("etl", "orders nightly");
});
afterEach(() => {
  feed.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

type Pages = Record<string, { logs: unknown[]; next: string | null }>;

/** A server whose pages are named by cursor ("" is the newest), and whose streams are written by hand. */
async function connect(pages: Pages, answer?: (request: Seen) => Response | undefined) {
  seen = serve((request) => {
    const other = answer?.(request);
    if (other !== undefined) return other;
    if (request.url.includes("/logs/stream")) {
      const stream = new HandMade();
      streams.push(stream);
      return stream.response;
    }
    const cursor = new URL(request.url, "http://host").searchParams.get("cursor") ?? "";
    return json({ ...pages[cursor], stream_position: "position 1" });
  });
  feed.connect();
  await settle();
}

async function settle() {
  await vi.advanceTimersByTimeAsync(0);
  while (frames.pending() > 0) frames.draw();
}

async function send(bytes: string) {
  streams.at(-1)?.send(bytes);
  await settle();
}

const data = (id: string) => `id: at ${id}\ndata: ${JSON.stringify(row(id))}\n\n`;
const START = 'retry: 1000\nevent: start\ndata: {"resumed":true,"reset":null}\n\n';

function ids(): (string | undefined)[] {
  const { first, count } = feed.lines.shown();
  return Array.from({ length: count }, (_, i) => feed.lines.at(first + i)?.row.id);
}

test("history is shown oldest to newest, and the stream goes on from its position", async () => {
  await connect({ "": { logs: [row("2"), row("1")], next: null } });
  await send(START + data("3"));
  expect(ids()).toEqual(["1", "2", "3"]);
  expect(seen.map(({ url }) => url)).toEqual([
    "wfm/workflow/workspace/etl/workflow/orders%20nightly/logs",
    "wfm/workflow/workspace/etl/workflow/orders%20nightly/logs/stream?after=position%201",
  ]);
  expect(feed.state.get().connection).toEqual({ is: "live" });
});

test("a reconnect sends the last id received, also that of a sync, and loads no history again", async () => {
  await connect({ "": { logs: [], next: null } });
  await send(`${START}${data("1")}event: sync\nid: at sync\ndata: {}\n\n`);
  streams[0]?.end();
  await settle();
  expect(feed.state.get().connection.is).toBe("waiting");
  await vi.advanceTimersByTimeAsync(2_001);
  expect(seen.at(-1)?.headers.get("last-event-id")).toBe("at sync");
  expect(seen).toHaveLength(3);
  await send(START + data("2"));
  expect(ids()).toEqual(["1", "2"]);
});

test("nothing is dropped from a stream: what the server repeats is seen", async () => {
  await connect({ "": { logs: [row("1")], next: null } });
  await send(START + data("1") + data("2") + data("2"));
  expect(ids()).toEqual(["1", "1", "2", "2"]);
});

test("rows of older pages that were streamed are dropped, and only those", async () => {
  await connect({
    "": { logs: [row("5")], next: "p2" },
    p2: { logs: [row("late"), row("5"), row("4")], next: null },
  });
  await send(START + data("late"));
  await feed.older.load();
  await settle();
  expect(ids()).toEqual(["4", "5", "5", "late"]);
  expect(feed.older.state.get()).toEqual({ is: "none" });
});

test.each([
  ["at the start", 'event: start\ndata: {"resumed":false,"reset":"history_lost"}\n\n'],
  ["in the middle", `${START}${data("9")}event: reset\ndata: {"reason":"history_lost"}\n\n`],
])("a reset %s clears the view, says why, and shows what follows", async (_, bytes) => {
  await connect({ "": { logs: [row("1")], next: null } });
  await send(bytes + data("7") + data("8"));
  expect(ids()).toEqual(["7", "8"]);
  expect(feed.state.get().notice).toMatch(/began anew, because the store no longer keeps the lines/);
  feed.dismissNotice();
  expect(feed.state.get().notice).toBeNull();
});

test("after a reset, older lines are found from where the streamed history begins", async () => {
  await connect({
    "": { logs: [row("9"), row("8")], next: "p2" },
    p2: { logs: [row("7"), row("6")], next: "p3" },
    p3: { logs: [row("5")], next: null },
  });
  await send(`event: start\ndata: {"resumed":false,"reset":"epoch"}\n\n${data("7")}${data("8")}`);
  await feed.older.load();
  await settle();
  expect(ids()).toEqual(["6", "7", "8"]);
  await feed.older.load();
  await settle();
  expect(ids()).toEqual(["5", "6", "7", "8"]);
});

test("the store's trouble is told while it lasts", async () => {
  await connect({ "": { logs: [], next: null } });
  await send(`${START}event: status\ndata: {"source":"unavailable","message":"MongoDB is down."}\n\n`);
  expect(feed.state.get().storeTrouble).toBe("MongoDB is down.");
  expect(feed.state.get().connection.is).toBe("live");
  await send('event: status\ndata: {"source":"ok","message":""}\n\n');
  expect(feed.state.get().storeTrouble).toBeNull();
});

test("a drain is told until the page is live again, and its retry is honoured", async () => {
  await connect({ "": { logs: [], next: null } });
  await send(`${START}retry: 7000\nevent: drain\ndata: {}\n\n`);
  expect(feed.state.get().draining).toBe(true);
  streams[0]?.end();
  await vi.advanceTimersByTimeAsync(6_999);
  expect([seen.length, feed.state.get().draining]).toEqual([2, true]);
  await vi.advanceTimersByTimeAsync(1_002);
  await send(START);
  expect([seen.length, feed.state.get().draining]).toEqual([3, false]);
});

test("disconnecting by hand ends the stream, keeps the lines, and connecting goes on from the last id", async () => {
  await connect({ "": { logs: [], next: null } });
  await send(START + data("1"));
  feed.disconnect();
  await vi.advanceTimersByTimeAsync(100_000);
  expect(feed.state.get().connection).toEqual({ is: "off" });
  expect([seen.length, seen[1]?.signal.aborted, ids()]).toEqual([2, true, ["1"]]);
  feed.connect();
  await settle();
  expect(seen.at(-1)?.headers.get("last-event-id")).toBe("at 1");
});

test("a restart shows the newest page and goes on from its position, not from the last id", async () => {
  await connect({ "": { logs: [row("8")], next: null } });
  await send(START + data("1"));
  feed.restart();
  await settle();
  expect(ids()).toEqual(["8"]);
  expect(seen.slice(2).map(({ url }) => url.replace(/.*logs/, ""))).toEqual([
    "",
    "/stream?after=position%201",
  ]);
  expect(seen.at(-1)?.headers.has("last-event-id")).toBe(false);
});

test("a refusal is said in the problem's words, and nothing is retried", async () => {
  const problem = { title: "not allowed", detail: "workspace etl needs the role reader" };
  await connect({}, () => json(problem, 403));
  await vi.advanceTimersByTimeAsync(100_000);
  expect(feed.state.get().connection).toEqual({
    is: "refused",
    why: "Not allowed. Workspace etl needs the role reader.",
    forbidden: true,
    facts: {},
  });
  expect(seen).toHaveLength(1);
});

test.each(["expired", "revoked", "unknown"])(
  "a stream that is denied as %s keeps its lines, is not tried again, and goes on from the same id",
  async (reason) => {
    await connect({ "": { logs: [], next: null } });
    const denied = JSON.stringify({ reason, detail: "sign in again" });
    await send(`${START}${data("1")}event: denied\ndata: ${denied}\n\n${data("never")}`);
    const { connection } = feed.state.get();
    expect(connection).toMatchObject({ is: "signed-out", failure: expect.any(SignedOut) });
    expect(connection.is === "signed-out" && connection.failure.message).toMatch(/Sign in again\.$/);
    await vi.advanceTimersByTimeAsync(100_000);
    expect([seen.length, seen[1]?.signal.aborted, ids()]).toEqual([2, true, ["1"]]);

    feed.connect();
    await settle();
    expect(seen.at(-1)?.headers.get("last-event-id")).toBe("at 1");
    await send(START + data("2"));
    expect(ids()).toEqual(["1", "2"]);
  },
);

test("a stream of what one may not see any more is not tried again", async () => {
  await connect({ "": { logs: [], next: null } });
  await send(
    `${START}${data("1")}event: denied\ndata: {"reason":"forbidden","detail":"etl is for others"}\n\n`,
  );
  await vi.advanceTimersByTimeAsync(100_000);
  const why = "Etl is for others.";
  expect(feed.state.get().connection).toMatchObject({ is: "refused", forbidden: true, why });
  expect([seen.length, ids()]).toEqual([2, ["1"]]);
});

test("while nobody can be asked whether one may see it, a stream is tried again, and that is no working stream", async () => {
  await connect({ "": { logs: [], next: null } });
  const states: string[] = [];
  feed.state.subscribe(() => states.push(feed.state.get().connection.is));
  await send('event: denied\ndata: {"reason":"unavailable","detail":"the service is down"}\n\n');
  const why = "The service is down.";
  expect(feed.state.get().connection).toMatchObject({ is: "waiting", why });
  await vi.advanceTimersByTimeAsync(2_001);
  expect(seen).toHaveLength(3);
  expect(states).not.toContain("live");
});

test("a server that is busy is asked again when it said", async () => {
  let refuse = true;
  await connect({ "": { logs: [], next: null } }, () =>
    refuse ? json({ title: "too many streams" }, 429, { "retry-after": "10" }) : undefined,
  );
  expect(feed.state.get().connection).toMatchObject({ is: "waiting", why: "Too many streams." });
  refuse = false;
  await vi.advanceTimersByTimeAsync(9_999);
  expect(seen).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1_002);
  await send(START);
  expect(feed.state.get().connection.is).toBe("live");
});

test("a line that is no JSON, and an event of another kind, do no harm", async () => {
  await connect({ "": { logs: [], next: null } });
  await send(`${START}id: 1\ndata: not {json\n\nevent: gap\ndata: {}\n\n${data("2")}`);
  const { first } = feed.lines.shown();
  expect(feed.lines.at(first)?.row.message).toBe("not {json");
  expect(ids()).toEqual(["", "2"]);
});

test("an older page that fails can be asked for again", async () => {
  let fail = true;
  await connect({ "": { logs: [row("2")], next: "p2" }, p2: { logs: [row("1")], next: null } }, ({ url }) =>
    fail && url.includes("cursor") ? json({ title: "the store is unavailable" }, 503) : undefined,
  );
  await feed.older.load();
  expect(feed.older.state.get()).toEqual({ is: "failed", why: "The store is unavailable." });
  fail = false;
  await feed.older.load();
  await settle();
  expect(ids()).toEqual(["1", "2"]);
});

test("a stream is lost after two and a half of the heartbeats that its server announced", async () => {
  for (const [heartbeat, silence] of [
    [1_000, 2_500],
    [60_000, 150_000],
  ]) {
    await connect({ "": { logs: [], next: null } });
    await send(`event: start\ndata: {"resumed":true,"reset":null,"heartbeat_ms":${heartbeat}}\n\n`);
    await vi.advanceTimersByTimeAsync((silence ?? 0) - 1);
    expect(feed.state.get().connection).toEqual({ is: "live" });
    await vi.advanceTimersByTimeAsync(2);
    expect(feed.state.get().connection.is).toBe("waiting");
    feed.disconnect();
  }
});

test("a stream that ends right after a reset loads history anew", async () => {
  await connect({ "": { logs: [row("1")], next: null } });
  await send(`${START}event: reset\nid: \ndata: {"reason":"epoch"}\n\n`);
  streams[0]?.end();
  await settle();
  await vi.advanceTimersByTimeAsync(2_001);
  await settle();
  expect(ids()).toEqual(["1"]);
  expect(seen.filter(({ url }) => url.endsWith("/logs"))).toHaveLength(2);
});

test("a line that came late stands at its place by date, once, and is told of in words", async () => {
  await connect({ "": { logs: [], next: null } });
  const at = (id: string, second: number) => ({ ...row(id), date: `2025-09-22T08:54:0${second}.000Z` });
  const sent = (id: string, second: number) => `id: at ${id}\ndata: ${JSON.stringify(at(id, second))}\n\n`;
  await send(START + sent("1", 1) + sent("3", 3));
  const late = `event: late\ndata: ${JSON.stringify(at("2", 2))}\n\n`;
  await send(`event: gap\nid: at gap\ndata: {"late":1}\n\n${late}`);
  expect(ids()).toEqual(["1", "2", "3"]);
  expect(feed.lines.at(feed.lines.shown().first + 1)?.late).toBe(true);
  expect(feed.state.get().notice).toMatch(/^1 line reached the store later/);
  await send(late);
  expect(ids()).toEqual(["1", "2", "3"]);
  feed.dismissNotice();
  expect(feed.state.get().notice).toBe(null);
});
