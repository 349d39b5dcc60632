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

/**
 * A page of its own that has nothing remembered. A script error on it, or something that the server's content
 * security policy forbids, fails the test that closes it, also on other tabs of its context.
 */
export async function openPage(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 760 }, ...options });
  const errors = [];
  context.on("weberror", (error) => errors.push(error.error()));
  context.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) errors.push(new Error(message.text()));
  });
  await context.exposeFunction("reportViolation", (words) => errors.push(new Error(words)));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      const { effectiveDirective, blockedURI, sourceFile, lineNumber } = event;
      window.reportViolation(`${effectiveDirective}: ${blockedURI} (${sourceFile}:${lineNumber})`);
    });
  });
  const page = await context.newPage();
  await page.goto(url);
  return {
    page,
    context,
    async close() {
      await context.close();
      if (errors.length > 0) throw new AggregateError(errors, `The page had errors: ${errors.join("; ")}`);
    },
  };
}
