import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./browser.mjs";
import { deployed } from "./deployed.mjs";
import { lineCount, live } from "./reading.mjs";
import { rows, Server } from "./server.mjs";

const LOG = { workspace: "etl", workflow: "inventory-sync" };
const LIMIT = { timeout: 60_000 };

const shared = deployed(LOG, 100);

async function open() {
  const opened = await openPage(shared.browser, shared.server.page(LOG));
  await live(opened.page);
  return opened;
}

const state = (page, words) => page.locator(".state-words", { hasText: words }).waitFor();

test("the state line counts down while the server is down, and is live afterwards", LIMIT, async () => {
  const { page, close } = await open();
  await state(page, /^Live$/);
  await shared.server.end("SIGKILL");
  await state(page, /^Reconnecting in \d+ s$/);
  await page.locator(".notice", { hasText: /lost|reached|ended/ }).waitFor();
  await page.getByRole("status").getByText("Reconnecting", { exact: true }).waitFor();
  await shared.server.restart();
  await state(page, /^Live$/);
  assert.equal(await page.locator(".notice").count(), 0);
  await close();
});

test("a server that is silent for longer than it announced counts as lost", LIMIT, async () => {
  const quick = await Server.start(["--heartbeat", "400ms"]);
  const { page, close } = await openPage(shared.browser, quick.page(LOG));
  try {
    await live(page);
    quick.freeze();
    await page.locator(".notice", { hasText: "Nothing was heard" }).waitFor();
    quick.thaw();
    await quick.write(LOG, rows(1, "after the silence"));
    await live(page);
    await lineCount(page, 1);
  } finally {
    await close();
    await quick.stop();
  }
});

test("a server that shuts down says so, and the page comes back by itself", LIMIT, async () => {
  const { page, close } = await open();
  const words = page.locator(".notice", { hasText: "The server is shutting down." });
  await Promise.all([words.waitFor(), shared.server.end("SIGTERM")]);
  await state(page, /^Reconnecting in \d+ s$/);
  await shared.server.restart();
  await live(page);
  assert.equal(await page.locator(".notice").count(), 0);
  await close();
});

test("the button disconnects, and connecting again brings what was written meanwhile", LIMIT, async () => {
  const { page, close } = await open();
  await lineCount(page, 100);
  await page.getByRole("button", { name: "Disconnect" }).click();
  await state(page, /^Disconnected$/);
  const written = await shared.server.write(LOG, rows(7, "while disconnected"));
  await page.getByRole("button", { name: "Connect" }).click();
  await live(page);
  await lineCount(page, 107);
  await page.locator(`.row[data-id="${written.at(-1)}"]`).waitFor();
  await close();
});

test(
  "an id that the server cannot read begins the view anew, in words, with every row once",
  LIMIT,
  async () => {
    const { page, close } = await open();
    const stored = await shared.server.ids(LOG);
    await lineCount(page, stored.length);
    await page.getByRole("button", { name: "Disconnect" }).click();
    await page.route(/\/logs\/stream/, (route) =>
      route.continue({ headers: { ...route.request().headers(), "last-event-id": "forged" } }),
    );
    await page.getByRole("button", { name: "Connect" }).click();
    await page.locator(".notice", { hasText: "The view began anew, because" }).waitFor();
    await lineCount(page, stored.length);
    await page.getByRole("button", { name: "Dismiss" }).click();
    assert.equal(await page.locator(".notice").count(), 0);
    await close();
  },
);

test("a refusal is shown in the server's words, and trying again by hand works", LIMIT, async () => {
  const { page, close } = await openPage(shared.browser, "about:blank");
  await page.route(/\/logs$/, (route) => route.continue({ url: `${route.request().url()}?limit=many` }));
  await page.goto(shared.server.page(LOG));
  const notice = page.locator('.notice[data-tone="bad"]', { hasText: "limit" });
  await notice.waitFor();
  await state(page, /^Not connected$/);
  await page.unroute(/\/logs$/);
  await notice.getByRole("button", { name: "Try again" }).click();
  await live(page);
  assert.equal(await notice.count(), 0);
  await close();
});
