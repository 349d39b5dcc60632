import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, startBrowser } from "./browser.mjs";
import { Nginx } from "./nginx.mjs";
import { lineCount, live } from "./reading.mjs";
import { rows, Server } from "./server.mjs";

const LOG = { workspace: "etl", workflow: "inventory-sync" };
const LIMIT = { timeout: 60_000 };

let browser;
let server;
let nginx;
before(async () => {
  browser = await startBrowser();
  server = await Server.start();
  nginx = await Nginx.start(server.url);
});
after(async () => {
  await browser?.close();
  await nginx?.stop();
  await server?.stop();
});

test("the page works below a path, behind nginx", LIMIT, async () => {
  await server.write(LOG, rows(30));
  // Without the slash at its end, nginx sends the browser on.
  const { page, close } = await openPage(browser, nginx.url.slice(0, -1));
  try {
    await live(page);
    await lineCount(page, 30);
    await server.write(LOG, rows(5, "live"));
    await lineCount(page, 35);
    assert.ok(page.url().startsWith(`${nginx.url}?workspace=etl`), page.url());
    await page.reload();
    await live(page);
    await lineCount(page, 35);
  } finally {
    await close();
  }
});

test("a file that nginx has compressed is not sent again", LIMIT, async () => {
  const headers = { "accept-encoding": "gzip" };
  const page = await (await fetch(nginx.url)).text();
  const [script] = page.match(/assets\/[^"]+\.js/);
  const first = await fetch(nginx.url + script, { headers });
  assert.equal(first.headers.get("content-encoding"), "gzip");
  const etag = first.headers.get("etag");
  assert.match(etag, /^W\//);
  await first.arrayBuffer();
  const again = await fetch(nginx.url + script, { headers: { ...headers, "if-none-match": etag } });
  assert.equal(again.status, 304);
});
