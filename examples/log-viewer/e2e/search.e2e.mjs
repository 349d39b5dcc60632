import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, startBrowser } from "./browser.mjs";
import { address, atEnd, lineCount, live, readAll } from "./reading.mjs";
import { rows, Server } from "./server.mjs";

const LOG = { workspace: "etl", workflow: "searched" };
const LIMIT = { timeout: 60_000 };

let browser;
let server;
before(async () => {
  browser = await startBrowser();
  server = await Server.start(["--search-rows", "1000"]);
  await server.write(LOG, [{ message: "a needle in the haystack", level: "CRITICAL" }]);
  await server.write(LOG, rows(2_500));
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function open(search = {}) {
  const opened = await openPage(browser, server.page({ ...LOG, ...search }));
  await live(opened.page);
  return opened;
}

const box = (page) => page.getByRole("searchbox");
const marks = (page) => page.locator(".row mark").allTextContents();

test("what is typed is looked for in history and live, marked, and in the address", LIMIT, async () => {
  const { page, close } = await open();
  await lineCount(page, 1_000);
  await box(page).fill("WRITER.PY");
  await lineCount(page, 0);
  await box(page).fill("writer.py");
  await page.waitForFunction(() => document.querySelectorAll(".row mark").length > 5);
  await live(page);
  assert.ok((await marks(page)).every((text) => text === "writer.py"));
  await address(page, "q", "writer.py");
  assert.equal(await box(page).inputValue(), "writer.py", "the box keeps what was typed, and the focus");
  assert.ok(await box(page).evaluate((input) => input === document.activeElement));

  await atEnd(page);
  await server.write(LOG, [{ message: "nothing to see" }]);
  const [id] = await server.write(LOG, [{ message: "again in writer.py" }]);
  await page.locator(`.row[data-id="${id}"]`).waitFor();
  assert.equal(await page.getByText("nothing to see").count(), 0);

  await page.reload();
  await live(page);
  await page.locator(`.row[data-id="${id}"] mark`).waitFor();
  await page.getByRole("button", { name: "Clear the search" }).click();
  await page.getByText("nothing to see").waitFor();
  await address(page, "q", null);
  await close();
});

test("levels are shown from one on, and a search reads back to where the log begins", LIMIT, async () => {
  const { page, close } = await open();
  await page.getByLabel("Level").selectOption("ERROR");
  await page.waitForFunction(() =>
    [...document.querySelectorAll(".row")].every((row) => row.dataset.level === "ERROR"),
  );
  await live(page);
  for (;;) {
    const further = page.getByRole("button", { name: "Look further back" });
    await page
      .locator(".edge")
      .getByText(/begins|further/)
      .waitFor();
    if ((await further.count()) === 0) break;
    await further.click();
    await page.waitForFunction(() => !document.querySelector(".edge")?.textContent.startsWith("Loading"));
  }
  const shown = await readAll(page);
  // One in fifty of the rows, and the first of all.
  assert.equal(shown.length, 51);
  assert.equal(new Set(shown).size, 51);
  await close();
});

test("a search that stops says how far it came, and goes on when asked", LIMIT, async () => {
  // Too short to be looked up.
  const { page, close } = await open({ q: "dl" });
  const further = page.getByRole("button", { name: "Look further back" });
  await page.getByText("No line found yet").waitFor();
  await page.getByText(/^Searched back to /).waitFor();
  await further.click();
  await page.getByText(/^Searched back to /).waitFor();
  await further.click();
  await page.locator(".row mark").waitFor();
  assert.deepEqual(await marks(page), ["dl"]);
  await close();
});

test("a pattern is one for the server, which says what is wrong with it", LIMIT, async () => {
  const { page, close } = await open();
  await page.getByRole("button", { name: "Search by pattern" }).click();
  await box(page).fill("(row 24");
  await page.locator(".notice", { hasText: "unclosed group" }).waitFor();
  await box(page).fill("row 249[0-3]$");
  await lineCount(page, 4);
  await live(page);
  assert.deepEqual(await marks(page), ["row 2490", "row 2491", "row 2492", "row 2493"]);
  await close();
});
