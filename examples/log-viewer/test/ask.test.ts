import { afterEach, expect, test, vi } from "vitest";
import { ask, askWith } from "../src/api/ask";
import { Lost, SignedOut } from "../src/api/failure";
import { json, serve } from "./server";

afterEach(() => {
  askWith(undefined);
  vi.unstubAllGlobals();
});

const { signal } = new AbortController();
const get = () => ask("x", { headers: new Headers(), signal });

test("a host's token goes with each request, as it is by then, and the cookie counts without one", async () => {
  const seen = serve(() => json({}));
  await get();
  let token: string | null = "first";
  askWith(() => token);
  await get();
  token = "renewed";
  await get();
  token = null;
  await get();
  const sent = seen.map(({ headers }) => headers.get("authorization"));
  expect(sent).toEqual([null, "Bearer first", "Bearer renewed", null]);
});

test("cookies go to the page's own server only, nothing is cached, and no redirect is followed", async () => {
  const asked = vi.fn(async (_url: string, _init: RequestInit) => json({}));
  vi.stubGlobal("fetch", asked);
  await get();
  const init = asked.mock.calls[0]?.[1];
  expect(init).toMatchObject({ credentials: "same-origin", cache: "no-store", redirect: "manual" });
});

test("a redirect, or a page where there is none, is a proxy's sign-in", async () => {
  const redirect = Object.defineProperty(Response.error(), "type", { value: "opaqueredirect" });
  const page = new Response("<html>", { headers: { "content-type": "Text/HTML; charset=utf-8" } });
  for (const answer of [redirect, page]) {
    vi.stubGlobal("fetch", async () => answer);
    const failure = await get().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SignedOut);
    expect(failure).toMatchObject({ ways: ["proxy"] });
  }
});

test("an error page of a proxy is an error, and no sign-in", async () => {
  vi.stubGlobal(
    "fetch",
    async () => new Response("<html>", { status: 502, headers: { "content-type": "text/html" } }),
  );
  expect((await get()).status).toBe(502);
});

test("a server that cannot be reached is worth another try", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("network")));
  await expect(get()).rejects.toEqual(new Lost("The server cannot be reached."));
});
