import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, startBrowser } from "./browser.mjs";
import { atEnd, lineCount, live, readAll } from "./reading.mjs";
import { rows, Server } from "./server.mjs";

const LOG = { workspace: "etl", workflow: "orders-nightly" };
const LIMIT = { timeout: 120_000 };

let browser;
let server;
before(async () => {
  browser = await startBrowser();
  server = await Server.start();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const sorted = (ids) => ids.toSorted((a, b) => a.localeCompare(b));

test(
  "rows on the page equal rows in the store: live, after a crash and restart, after a reload",
  LIMIT,
  async (t) => {
    await server.write(LOG, rows(1_500, "before the page"));
    const { page, close } = await openPage(browser, server.page(LOG));
    await live(page);
    await lineCount(page, 1_000);

    await t.test("while three writers write", async () => {
      const writers = ["a", "b", "c"].map(async (writer) => {
        for (let i = 0; i < 40; i += 1) await server.write(LOG, rows(5, `writer ${writer}, batch ${i}`));
      });
      await Promise.all(writers);
      await lineCount(page, 1_600);
      await atEnd(page);
      const stored = await server.ids(LOG);
      assert.equal(stored.length, 2_100);
      assert.deepEqual(sorted(await readAll(page)), sorted(stored));
    });

    await t.test("after the server was killed and started again, with rows written right after", async () => {
      await server.end("SIGKILL");
      await page.waitForSelector('.state[data-state="waiting"]');
      await server.restart();
      await server.write(LOG, rows(300, "right after the restart"));
      await live(page);
      await server.write(LOG, rows(20, "once it was live again"));
      await lineCount(page, 2_420);
      assert.deepEqual(sorted(await readAll(page)), sorted(await server.ids(LOG)));
    });

    await t.test("after a reload, also in their order", async () => {
      await page.reload();
      await live(page);
      await lineCount(page, 1_000);
      await server.write(LOG, rows(10, "after the reload"));
      await lineCount(page, 1_010);
      assert.deepEqual(await readAll(page), await server.ids(LOG));
    });
    await close();
  },
);

test("a line is on the page within a second of being written", LIMIT, async (t) => {
  const log = { ...LOG, workflow: "latency" };
  await server.write(log, rows(50));
  const { page, close } = await openPage(browser, server.page(log));
  await live(page);
  await page.evaluate(() => {
    globalThis.arrivals = {};
    new MutationObserver(() => {
      for (const row of document.querySelectorAll(".row")) globalThis.arrivals[row.dataset.id] ??= Date.now();
    }).observe(document.querySelector(".log-rows"), { childList: true });
  });

  const delays = [];
  for (let i = 0; i < 20; i += 1) {
    const written = Date.now();
    const [id] = await server.write(log, rows(1, `measured ${i}`));
    const arrived = await page.waitForFunction((id) => globalThis.arrivals[id], id);
    delays.push((await arrived.jsonValue()) - written);
  }
  delays.sort((a, b) => a - b);
  t.diagnostic(`from the start of the POST to the page: median ${delays[10]} ms, worst ${delays[19]} ms`);
  assert.ok(delays[19] < 1_000, `the slowest line took ${delays[19]} ms`);
  await close();
});

test("a workflow without lines is an empty page that its first line fills", LIMIT, async () => {
  const log = { ...LOG, workflow: "not-yet" };
  const { page, close } = await openPage(browser, server.page(log));
  await live(page);
  await page.getByRole("heading", { name: "No lines yet" }).waitFor();
  const [id] = await server.write(log, rows(1, "the first"));
  await page.locator(`.row[data-id="${id}"]`).waitFor();
  await lineCount(page, 1);
  await close();
});
