import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Feed } from "../src/log/feed";
import { Session } from "../src/session/session";
import { tie } from "../src/session/tie";
import { HandMade, json, row, type Seen, serve, stubFrames } from "./server";

let seen: Seen[];
let streams: HandMade[];
let user: string | null;
let feed: Feed;
let session: Session;
let stops: (() => void)[];
beforeEach(async () => {
  stubFrames();
  [streams, user] = [[], "ann"];
  seen = serve(({ url, method, body }) => {
    if (url === "session") {
      if (method === "POST") user = JSON.parse(body ?? "").token;
      if (method !== "GET") return new Response(null, { status: 204 });
    }
    if (user === null) return json({ title: "you are not signed in", sign_in: ["token"] }, 401);
    if (url === "session") return json({ user, known_by: "session", expires: null, ways: ["token"] });
    if (!url.includes("/stream")) return json({ logs: [], next: null, stream_position: "position 1" });
    const stream = new HandMade();
    streams.push(stream);
    return stream.response;
  });
  session = new Session("http://127.0.0.1/");
  feed = new Feed("etl", "orders");
  stops = [session.start(), tie(feed, session), () => feed.stop()];
  feed.connect();
  await settle();
  streams[0]?.send(`event: start\ndata: {}\n\nid: at 1\ndata: ${JSON.stringify(row("1"))}\n\n`);
  await settle();
});
afterEach(() => {
  for (const stop of stops) stop();
  vi.unstubAllGlobals();
});

async function settle() {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done));
}

const DENIED = 'event: denied\ndata: {"reason":"expired","detail":"the token was for an hour"}\n\n';

test("a stream that is denied asks for a sign-in, and goes on from its last id after one", async () => {
  user = null;
  streams[0]?.send(DENIED);
  await settle();
  expect(session.state.get()).toMatchObject({
    is: "out",
    kept: "ann",
    why: "The token was for an hour.",
  });
  const before = seen.length;
  await session.signIn("ann");
  await settle();
  const asked = seen.slice(before).map(({ url, headers }) => [url, headers.get("last-event-id")]);
  expect(asked).toEqual([
    ["session", null],
    ["session", null],
    ["wfm/workflow/workspace/etl/workflow/orders/logs/stream?after=position%201", "at 1"],
  ]);
});

test("a stream whose cookie another tab has renewed meanwhile goes on by itself", async () => {
  streams[0]?.send(DENIED);
  await settle();
  expect(session.state.get().is).toBe("in");
  expect(seen.at(-1)?.headers.get("last-event-id")).toBe("at 1");
  expect(streams).toHaveLength(2);
});

test("signing in is no reason to connect what was disconnected by hand", async () => {
  feed.disconnect();
  await session.signIn("ann");
  await settle();
  expect(feed.state.get().connection).toEqual({ is: "off" });
});
