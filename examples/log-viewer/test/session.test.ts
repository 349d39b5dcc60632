import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SignedOut } from "../src/api/failure";
import { Session } from "../src/session/session";
import { viewerOf } from "../src/session/standing";
import { json, type Seen, serve } from "./server";

const PAGE = "http://127.0.0.1/logs/?workspace=etl";
const ANN = { user: "ann", known_by: "session", expires: null, rights: ["read"], ways: ["token"] };
const NOBODY = () => json({ title: "you are not signed in", sign_in: ["token"] }, 401);

let stops: (() => void)[];
let user: string | null;
let trouble: (() => Response | undefined) | undefined;
let seen: Seen[];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  stops = [];
  user = null;
  trouble = undefined;
  seen = serve((request) => {
    const other = trouble?.();
    if (other !== undefined) return other;
    if (request.method === "POST") user = JSON.parse(request.body ?? "").token;
    if (request.method === "DELETE") user = null;
    if (request.method !== "GET") return new Response(null, { status: 204 });
    return user === null ? NOBODY() : json({ ...ANN, user });
  });
});
afterEach(() => {
  for (const stop of stops) stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function start(page = PAGE): Promise<Session> {
  const session = new Session(page);
  stops.push(session.start());
  await settle();
  return session;
}

/** Answers come as promises; what one tab tells another comes later. */
async function settle() {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done));
}

const standing = (session: Session) => session.state.get();

test.each([
  ["anonymous", () => json({ ...ANN, known_by: "anonymous" })],
  ["of a server that knows no sessions", () => json({}, 404)],
])("nothing of signing in shows to who is %s", async (_, answer) => {
  trouble = answer;
  expect(standing(await start())).toEqual({ is: "open" });
});

test("nobody's first visit needs no explaining, and shows no log", async () => {
  const session = await start();
  expect(standing(session)).toMatchObject({ is: "out", why: null, kept: null, ways: ["token"] });
  expect(viewerOf(standing(session))).toBe(null);
});

test("signing in takes the token to the server, once, in the body", async () => {
  const session = await start();
  await session.signIn("ann");
  expect(standing(session)).toEqual({
    is: "in",
    user: "ann",
    knownBy: "session",
    expires: null,
    ways: ["token"],
  });
  const sent = seen.filter(({ method }) => method === "POST");
  expect(sent.map(({ url, body }) => [url, body])).toEqual([["session", '{"token":"ann"}']]);
  expect(seen.some(({ url, headers }) => url.includes("ann") || headers.has("authorization"))).toBe(false);
});

test("a token that the server does not take leaves everything as it was, in words", async () => {
  const session = await start();
  const before = standing(session);
  trouble = () => json({ title: "the token is not known" }, 401);
  await expect(session.signIn("wrong")).rejects.toThrow("The token is not known.");
  expect(standing(session)).toEqual(before);
});

test("a cookie that the browser does not keep is told of", async () => {
  const session = await start();
  let asked = 0;
  trouble = () => {
    asked += 1;
    return asked === 1 ? new Response(null, { status: 204 }) : NOBODY();
  };
  await expect(session.signIn("ann")).rejects.toThrow("did not keep the cookie");
  expect(standing(session).is).toBe("out");
});

test("signing out closes the log in every tab of the server at once, before the server has answered", async () => {
  user = "ann";
  const [here, there] = [await start(), await start("http://127.0.0.1/logs/?workspace=other")];
  const elsewhere = await start("http://127.0.0.1/other/");
  expect([here, there, elsewhere].map((tab) => viewerOf(standing(tab)))).toEqual(["ann", "ann", "ann"]);
  let answer = (_: Response) => {};
  vi.stubGlobal("fetch", () => new Promise<Response>((resolve) => (answer = resolve)));
  void here.signOut();
  expect(standing(here)).toMatchObject({
    is: "out",
    kept: null,
    why: "You have signed out.",
    unfinished: false,
  });
  await settle();
  expect(standing(there)).toMatchObject({ is: "out", kept: null, why: "You have signed out." });
  expect(viewerOf(standing(elsewhere))).toBe("ann");
  answer(new Response(null, { status: 204 }));
});

test("signing in in one tab signs in the others", async () => {
  const [here, there] = [await start(), await start()];
  await here.signIn("ann");
  await settle();
  expect(standing(there)).toMatchObject({ is: "in", user: "ann" });
});

test("a session that the server could not end is told of, and can be ended again", async () => {
  user = "ann";
  const session = await start();
  trouble = () => json({ title: "the server is busy" }, 503);
  await session.signOut();
  expect(standing(session)).toMatchObject({ is: "out", kept: null, unfinished: true });
  expect(standing(session)).toMatchObject({
    why: expect.stringContaining("has not ended the session. The server is busy."),
  });
  session.returned();
  session.lapse(new SignedOut("late"));
  await settle();
  expect(standing(session)).toMatchObject({ unfinished: true });
  trouble = undefined;
  await session.signOut();
  expect([user, standing(session)]).toMatchObject([null, { is: "out", unfinished: false }]);
});

test("a session that is over already has ended", async () => {
  user = "ann";
  const session = await start();
  trouble = NOBODY;
  await session.signOut();
  expect(standing(session)).toMatchObject({ unfinished: false, why: "You have signed out." });
});

test("who has signed out is not signed in by what comes late, nor by coming back", async () => {
  user = "ann";
  const session = await start();
  const answers: (() => void)[] = [];
  vi.stubGlobal("fetch", () => new Promise((resolve) => answers.push(() => resolve(json(ANN)))));
  void session.check();
  void session.signOut();
  session.returned();
  for (const answer of answers) answer();
  await settle();
  expect(standing(session)).toMatchObject({ is: "out", kept: null });
});

test("a sign-in that lapses keeps the log and the first reason, until the same or another user comes", async () => {
  user = "ann";
  const session = await start();
  user = null;
  session.lapse(new SignedOut("Your sign-in has expired.", [], undefined, { requestId: "r1" }));
  await settle();
  const why = "Your sign-in has expired.";
  expect(standing(session)).toMatchObject({
    is: "out",
    kept: "ann",
    why,
    ways: ["token"],
    facts: { requestId: "r1" },
  });
  session.lapse(new SignedOut("You are not signed in."));
  expect(standing(session)).toMatchObject({ kept: "ann", why });
  await session.signIn("ann");
  expect(viewerOf(standing(session))).toBe("ann");
  session.lapse(new SignedOut("Your sign-in was taken back."));
  user = "bob";
  session.returned();
  await settle();
  expect(viewerOf(standing(session))).toBe("bob");
});

test("a lapse that another tab has mended already is one only once: yes and no is no loop", async () => {
  user = "ann";
  const session = await start();
  const asked = () => seen.length;
  const before = asked();
  session.lapse(new SignedOut("expired"));
  await settle();
  expect([standing(session).is, asked()]).toEqual(["in", before + 1]);
  for (let again = 0; again < 5; again += 1) {
    session.lapse(new SignedOut("expired"));
    await settle();
  }
  expect([standing(session).is, asked()]).toEqual(["out", before + 1]);
  session.returned();
  await settle();
  expect(standing(session).is).toBe("in");
});

test("a proxy's sign-in has its own words, also for who has only just come", async () => {
  trouble = () => new Response("<html>", { headers: { "content-type": "text/html" } });
  const session = await start();
  expect(standing(session)).toMatchObject({
    ways: ["proxy"],
    why: expect.stringContaining("in front of the server"),
  });
  await vi.advanceTimersByTimeAsync(100_000);
  expect(seen).toHaveLength(1);
  trouble = undefined;
  session.returned();
  await settle();
  expect(standing(session)).toMatchObject({ ways: ["token"], why: "You are not signed in." });
});

test("a server that stays away is asked less and less, and one that refuses to say is not asked again", async () => {
  trouble = () => json({}, 503);
  await start();
  for (let turn = 0; turn < 100; turn += 1) {
    await vi.advanceTimersByTimeAsync(3_000);
    await settle();
  }
  expect(seen.length).toBeGreaterThan(5);
  expect(seen.length).toBeLessThan(40);
  trouble = () => json({}, 403);
  await vi.advanceTimersByTimeAsync(40_000);
  await settle();
  const asked = seen.length;
  await vi.advanceTimersByTimeAsync(400_000);
  expect(seen).toHaveLength(asked);
});

test("a server that cannot be reached hinders no log, and is asked again", async () => {
  trouble = () => json({}, 503);
  const session = await start();
  expect(standing(session)).toEqual({ is: "open" });
  trouble = undefined;
  user = "ann";
  await vi.advanceTimersByTimeAsync(4_001);
  await settle();
  expect(standing(session)).toMatchObject({ is: "in", user: "ann" });
  trouble = () => json({}, 503);
  await session.check();
  expect(standing(session)).toMatchObject({ is: "in", user: "ann" });
});
