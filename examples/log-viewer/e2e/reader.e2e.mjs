import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, startBrowser } from "./browser.mjs";
import { address, atEnd, lineCount, live, middle } from "./reading.mjs";
import { rows, Server } from "./server.mjs";

const LOG = { workspace: "etl", workflow: "customers-hourly" };
const LIMIT = { timeout: 60_000 };

let browser;
let server;
before(async () => {
  browser = await startBrowser();
  server = await Server.start();
  await server.write(LOG, rows(2_500, "history"));
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function open(options) {
  const opened = await openPage(browser, server.page(LOG), options);
  await live(opened.page);
  await opened.page.locator(".row").first().waitFor();
  return opened;
}

const paused = (page) => page.locator(".paused");
const unseen = (page, words) => paused(page).getByText(words, { exact: true }).waitFor();

test("scrolling up holds what is read and counts new lines, and resuming shows them", LIMIT, async () => {
  const { page, close } = await open();
  await atEnd(page);
  assert.equal(await paused(page).count(), 0);

  await page.locator(".log").hover();
  await page.mouse.wheel(0, -900);
  await unseen(page, "0 new lines");
  const before = await middle(page);
  await server.write(LOG, rows(1, "while paused"));
  await unseen(page, "1 new line");
  await server.write(LOG, rows(24, "while paused"));
  await unseen(page, "25 new lines");
  assert.deepEqual(await middle(page), before);
  await page.mouse.wheel(0, -200);
  await server.write(LOG, rows(1, "while scrolling further up"));
  await unseen(page, "26 new lines");

  await paused(page).click();
  await atEnd(page);
  assert.equal(await paused(page).count(), 0);
  const [id] = await server.write(LOG, rows(1, "the newest"));
  await page.locator(`.row[data-id="${id}"]`).waitFor();
  await atEnd(page);
  await close();
});

test("older pages load above without moving what is read", LIMIT, async () => {
  const { page, close } = await open();
  await page.locator(".log").hover();
  await page.mouse.wheel(0, -21_000);
  await paused(page).waitFor();
  const before = await middle(page);
  await page.waitForFunction(() => Number(document.querySelector(".log-rows").ariaRowCount) >= 2_000);
  const there = await page.evaluate((id) => {
    const row = document.querySelector(`.row[data-id="${id}"]`);
    return { id, top: row?.getBoundingClientRect().top };
  }, before.id);
  assert.ok(Math.abs(there.top - before.top) < 2, `the row moved from ${before.top} to ${there.top}`);
  await close();
});

test("switching wrap holds the line at the top", LIMIT, async () => {
  const log = { ...LOG, workflow: "long-lines" };
  const long = rows(400).map((row, i) => ({ ...row, message: `${i}: ${"many words ".repeat(i % 40)}` }));
  await server.write(log, long);
  const { page, close } = await openPage(browser, server.page(log));
  await live(page);
  await page.locator(".log").hover();
  await page.mouse.wheel(0, -4_000);
  await paused(page).waitFor();
  const top = () =>
    page.evaluate(() => {
      const { left, top } = document.querySelector(".log").getBoundingClientRect();
      return document.elementFromPoint(left + 40, top + 4).closest(".row")?.dataset.id;
    });
  const before = await top();
  await page.getByRole("button", { name: "Wrap long lines" }).click();
  await page.waitForFunction(
    (id) => {
      const { left, top } = document.querySelector(".log").getBoundingClientRect();
      return document.elementFromPoint(left + 40, top + 4).closest(".row")?.dataset.id === id;
    },
    before,
    { timeout: 5_000 },
  );
  await close();
});

test("a click shows the whole record and holds the view; the keyboard does the same", LIMIT, async () => {
  const { page, close } = await open();
  await atEnd(page);
  const row = page.locator(`.row[data-id="${(await middle(page)).id}"]`);
  const before = await row.boundingBox();
  await row.click();
  await page.locator(".record").waitFor();
  assert.equal((await row.boundingBox()).y, before.y, "the row stays where it was clicked");
  assert.match(
    await page.locator(".record pre").textContent(),
    /"batch": \{\s+"number": \d+,\s+"ok": true\s+\}/,
  );
  await paused(page).waitFor();

  const grid = page.getByRole("treegrid", { name: "Log lines" });
  await grid.focus();
  await page.keyboard.press("Enter");
  assert.equal(await page.locator(".record").count(), 0);
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  const opened = await page.locator('.row[aria-expanded="true"]').getAttribute("id");
  assert.equal(await grid.getAttribute("aria-activedescendant"), opened);
  await page.keyboard.press("End");
  await atEnd(page);
  assert.equal(await paused(page).count(), 0);
  await close();
});

test("a link opens its log, and the page remembers the last one", LIMIT, async () => {
  const { page, close } = await open();
  await page.goto(server.url);
  await live(page);
  await address(page, "workflow", LOG.workflow);
  const other = { ...LOG, workflow: "inventory-sync" };
  await server.write(other, rows(3, "another log"));
  await page.getByLabel("Workflow").focus();
  await page.getByLabel("Workflow").selectOption(other.workflow);
  await lineCount(page, 3);
  await address(page, "workflow", other.workflow);
  await page.goBack();
  await page.waitForFunction(() => document.querySelectorAll(".row").length > 3);
  await close();
});

test("the theme is the system's until another is chosen, which is remembered", LIMIT, async () => {
  const { page, close } = await open({ colorScheme: "dark" });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  await page.getByRole("button", { name: /^Theme: system/ }).click();
  const light = await ground();
  assert.notEqual(light, dark);
  await page.reload();
  await live(page);
  assert.equal(await ground(), light);
  await close();
});
