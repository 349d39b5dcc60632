import assert from "node:assert/strict";

/** What the page shows when it is live. */
export const LIVE = '.state[data-state="live"]';

/** Waits until the page says that it is live. */
export async function live(page) {
  await page.waitForSelector(LIVE, { timeout: 20_000 });
}

/**
 * Clicks again and again until this is shown: what the server has heard a moment ago still counts, as the
 * refusal of a service does.
 */
export async function clickUntil(button, shown) {
  while ((await shown.count()) === 0) {
    await button.click({ timeout: 1_000 }).catch(() => {});
  }
}

/** Waits until the page counts this many lines. */
export async function lineCount(page, count) {
  const words = `${count.toLocaleString("en")} ${count === 1 ? "line" : "lines"}`;
  await page.locator(".foot-count", { hasText: new RegExp(`^${words}`) }).waitFor({ timeout: 20_000 });
}

/** Waits until the page's address has this parameter, or none of this name. */
export async function address(page, name, value) {
  await page.waitForURL((url) => url.searchParams.get(name) === value, { timeout: 20_000 });
}

/** Waits until the newest line is in view, as it is while the tail is followed. */
export async function atEnd(page) {
  await page.waitForFunction(() => {
    const log = document.querySelector(".log");
    return log.scrollHeight - log.clientHeight - log.scrollTop <= 1;
  });
}

/** Reads every row as a person would: scrolls up to where the log begins, then down to its end. */
export async function readAll(page) {
  await page.locator(".log").hover();
  for (let turn = 0; turn < 200; turn += 1) {
    await page.mouse.wheel(0, -30_000);
    await frame(page);
    const done = await page.evaluate(
      () =>
        document.querySelector(".log").scrollTop === 0 &&
        document.querySelector(".edge")?.textContent === "This is where the log begins.",
    );
    if (done) break;
    assert.notEqual(turn, 199, "the beginning of the log was not reached");
  }

  const ids = [];
  for (;;) {
    const { rows, height, end } = await page.evaluate(() => {
      const log = document.querySelector(".log");
      const rows = [...log.querySelectorAll(".row")].map((row) => [row.ariaRowIndex, row.dataset.id]);
      return {
        rows,
        height: log.clientHeight,
        end: log.scrollHeight - log.clientHeight - log.scrollTop <= 1,
      };
    });
    for (const [index, id] of rows) ids[index - 1] = id;
    if (end) break;
    await page.mouse.wheel(0, height - 60);
    await frame(page);
  }
  const missing = [...ids].indexOf(undefined);
  assert.equal(missing, -1, `no row was in view at position ${missing + 1}`);
  return ids;
}

/** Waits for what scrolling does: the event comes with a frame, and what it shows with the next. */
async function frame(page) {
  await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))),
  );
}

/** The row in the middle of the view, and where it stands. */
export function middle(page) {
  return page.evaluate(() => {
    const { left, top, width, height } = document.querySelector(".log").getBoundingClientRect();
    const row = document.elementFromPoint(left + width / 2, top + height / 2).closest(".row");
    return { id: row?.dataset.id, top: row?.getBoundingClientRect().top };
  });
}
