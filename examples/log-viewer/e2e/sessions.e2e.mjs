import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, startBrowser } from "./browser.mjs";
import { rows, Server } from "./server.mjs";
import { twoUsers } from "./tokens.mjs";

const LOG = { workspace: "etl", workflow: "inventory-sync" };
const STREAM = "wfm/workflow/workspace/etl/workflow/inventory-sync/logs/stream";
const LIMIT = { timeout: 60_000 };

const { tokens, config } = twoUsers();
let browser;
let server;
before(async () => {
  browser = await startBrowser();
  server = await Server.start([], { config, token: tokens.operator });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** What a page of one's own would do: a session for the browser's own `EventSource`, or the token for `fetch`. */
async function openBoth(token) {
  const opened = await openPage(browser, server.url);
  await opened.page.evaluate(
    async ([token, stream]) => {
      const authorization = `Bearer ${token}`;
      const session = await fetch("session", { method: "POST", headers: { authorization } });
      if (session.status !== 204) throw new Error(`POST session answered ${session.status}`);

      const source = new EventSource(`${stream}?history=0`);
      window.native = { ids: [], denied: [], source };
      source.onmessage = ({ data }) => window.native.ids.push(JSON.parse(data).id);
      source.addEventListener("denied", ({ data }) => window.native.denied.push(JSON.parse(data)));
      await new Promise((resolve) => source.addEventListener("start", resolve, { once: true }));

      // Without the cookie: the token alone lets it in.
      const stopping = new AbortController();
      const response = await fetch(`${stream}?history=0`, {
        headers: { authorization },
        credentials: "omit",
        signal: stopping.signal,
      });
      window.fetched = { status: response.status, text: "", over: false, stopping };
      void (async () => {
        try {
          for await (const text of response.body.pipeThrough(new TextDecoderStream()))
            window.fetched.text += text;
        } catch {}
        window.fetched.over = true;
      })();
    },
    [token, STREAM],
  );
  return opened;
}

const heard = (page, ids) =>
  page.waitForFunction(
    (ids) =>
      ids.every((id) => window.native.ids.includes(id)) &&
      ids.every((id) => window.fetched.text.includes(`"id":"${id}"`)),
    ids,
  );

/** `EventSource` has come back, was refused, and does not come back again. */
const closed = (page) => page.waitForFunction(() => window.native.source.readyState === EventSource.CLOSED);

/** However long that takes: the server counts what it serves. */
async function streams(count) {
  while ((await server.openStreams()) !== count);
}

test(
  "a session's cookie opens a native EventSource, a token a fetch; signing out ends both",
  LIMIT,
  async () => {
    const { page, close } = await openBoth(tokens["ann-laptop"]);
    assert.equal(await page.evaluate(() => window.fetched.status), 200);
    await streams(2);
    await heard(page, await server.write(LOG, rows(10)));

    // Whoever holds a token forgets it; the session is the server's to end.
    await page.evaluate(async () => {
      window.fetched.stopping.abort();
      const { status } = await fetch("session", { method: "DELETE" });
      if (status !== 204) throw new Error(`DELETE session answered ${status}`);
    });
    await closed(page);
    await streams(0);
    const later = await server.write(LOG, rows(1, "later"));
    const [denied, ids, over] = await page.evaluate(() => [
      window.native.denied.map(({ reason }) => reason),
      window.native.ids,
      window.fetched.over,
    ]);
    assert.deepEqual([denied, over, ids.includes(later[0])], [["revoked"], true, false]);
    assert.equal(await page.evaluate(async () => (await fetch("session")).status), 401);
    await close();
  },
);

test("a token that is taken back ends its fetch, and the session that was made from it", LIMIT, async () => {
  const { page, close } = await openBoth(tokens["ann-phone"]);
  await streams(2);
  await server.ask("revocations", { credential: "ann-phone" });
  await closed(page);
  await page.waitForFunction(() => window.fetched.over);
  await streams(0);
  const [denied, text] = await page.evaluate(() => [window.native.denied, window.fetched.text]);
  assert.deepEqual(
    denied.map(({ reason }) => reason),
    ["revoked"],
  );
  assert.match(text, /event: ?denied\ndata: ?\{"reason":"revoked"/);
  await close();
});
