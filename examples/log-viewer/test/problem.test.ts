import { expect, test } from "vitest";
import { Forbidden, factsOf, inWords, Lost, Refused, SignedOut } from "../src/api/failure";
import { failureOf, failureOfDenial } from "../src/api/problem";
import { linkOf, waysOf } from "../src/api/ways";
import { json } from "./server";

test("a 401 tells how one may sign in, and where", async () => {
  const problem = {
    title: "you are not signed in",
    detail: "bring a token",
    sign_in: ["forward", "token", "magic"],
    sign_in_url: "https://etl.example/login",
  };
  const failure = await failureOf(json(problem, 401));
  expect(failure).toBeInstanceOf(SignedOut);
  expect(failure).toMatchObject({ ways: ["token", "forward"], link: "https://etl.example/login" });
  expect(inWords(failure)).toBe("You are not signed in. Bring a token.");
});

test("a 401 without a body, or with an odd one, is one all the same", async () => {
  const answers = [
    new Response(null, { status: 401 }),
    json([], 401),
    json({ sign_in: "token" }, 401),
    json(null, 401),
  ];
  for (const answer of answers) {
    const failure = await failureOf(answer);
    expect(failure).toBeInstanceOf(SignedOut);
    expect(failure).toMatchObject({ ways: [], link: undefined, message: "You are not signed in." });
  }
});

test("a limit is named, and how long it holds", async () => {
  const problem = { title: "too many streams are open", detail: "close some", limit: "streams_per_user" };
  const failure = await failureOf(json(problem, 429, { "retry-after": "7" }));
  expect(failure).toBeInstanceOf(Lost);
  expect(failure).toMatchObject({ atLeast: 7_000 });
  expect(inWords(failure)).toBe("Too many streams are open. Close some. The limit is “streams per user”.");
});

test("names of the configuration stand between quotes", async () => {
  const problem = { title: "no", detail: "`read` is needed; set `limits.streams.per-user` higher" };
  const words = "No. “read” is needed; set “limits.streams.per-user” higher.";
  expect(inWords(await failureOf(json(problem, 403)))).toBe(words);
});

test("a request is called what the server calls it", async () => {
  const named = { "x-request-id": "of the header" };
  expect(factsOf(await failureOf(json({ request_id: "of the body" }, 403, named)))).toEqual({
    requestId: "of the body",
  });
  for (const [status, kind] of [
    [400, Refused],
    [401, SignedOut],
    [403, Forbidden],
    [503, Lost],
  ] as const) {
    const failure = await failureOf(json({}, status, named));
    expect(failure).toBeInstanceOf(kind);
    expect(factsOf(failure)).toEqual({ requestId: "of the header" });
  }
  expect(factsOf(await failureOf(json({ request_id: 7 }, 403)))).toEqual({});
});

test("of the ways to sign in only known ones count", () => {
  expect(waysOf(["jwt", 1, null, "x"])).toEqual(["jwt"]);
  for (const odd of [undefined, null, "token", { token: true }]) expect(waysOf(odd)).toEqual([]);
});

test("a link leads to a page, and runs nothing", () => {
  const base = "https://etl.example/logs/";
  expect(linkOf("/login?next=a", base)).toBe("https://etl.example/login?next=a");
  expect(linkOf("http://other.example/", base)).toBe("http://other.example/");
  for (const odd of ["javascript:alert(1)", "data:text/html,x", "", "http://", 7, undefined])
    expect(linkOf(odd, base)).toBeUndefined();
});

test("a denial has the server's words, or else some of its own", () => {
  expect(inWords(failureOfDenial({ reason: "expired", detail: "sign in anew" }))).toBe("Sign in anew.");
  for (const [reason, kind, words] of [
    ["expired", SignedOut, /has expired/],
    ["revoked", SignedOut, /taken back/],
    ["unknown", SignedOut, /not signed in/],
    ["unavailable", Lost, /cannot be asked/],
    ["forbidden", Forbidden, /may not see/],
    ["of another kind", Forbidden, /may not see/],
  ] as const) {
    const failure = failureOfDenial({ reason, detail: "" });
    expect(failure).toBeInstanceOf(kind);
    expect(inWords(failure)).toMatch(words);
  }
});
