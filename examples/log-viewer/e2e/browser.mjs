import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts Chromium with a new profile, which is gone when it ends. */
export async function startBrowser() {
  if (!existsSync(CHROMIUM)) {
    throw new Error(`There is no Chromium at ${CHROMIUM}. Install it, or name one in CHROMIUM.`);
  }
  return chromium.launch({ executablePath: CHROMIUM, args: ARGS });
}

/** A page of its own that has nothing remembered; a script error on it fails the test that closes it. */
export async function openPage(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 760 }, ...options });
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error));
  await page.goto(url);
  return {
    page,
    async close() {
      await context.close();
      if (errors.length > 0) throw new AggregateError(errors, "The page had script errors.");
    },
  };
}
