import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { violations } from "./axe.mjs";
import { openPage, startBrowser } from "./browser.mjs";
import { FOLDER, fits, LOOKS } from "./looks.mjs";
import { live } from "./reading.mjs";
import { Server } from "./server.mjs";

const LIMIT = { timeout: 60_000 };

let browser;
let server;
before(async () => {
  browser = await startBrowser();
  server = await Server.start(["--simulate"]);
  await mkdir(FOLDER, { recursive: true });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const { name, ...look } of LOOKS) {
  test(
    `the page in its ${name} look fits, has no serious accessibility violation, and is pictured`,
    LIMIT,
    async (t) => {
      const { page, close } = await openPage(browser, server.url, look);
      await live(page);
      await page.waitForFunction(() => document.querySelectorAll(".row").length > 15);
      await page.screenshot({ path: join(FOLDER, `viewer-${name}.png`) });
      t.diagnostic(`pictured in ${join(FOLDER, `viewer-${name}.png`)}`);

      await fits(page);
      const cut = await page.getByLabel("Workflow").evaluate((select) => {
        const { width } = select.getBoundingClientRect();
        const free = select.cloneNode(true);
        Object.assign(free.style, { position: "fixed", maxWidth: "none", width: "auto" });
        select.parentElement.append(free);
        const wanted = free.getBoundingClientRect().width;
        free.remove();
        return wanted - width;
      });
      assert.ok(cut <= 1, `the name of the workflow lacks ${cut} px`);

      assert.equal(await page.getByText(/sign/i).count(), 0, "something of signing in shows");
      await violations(page, "following");
      await page.locator(".row").nth(5).click();
      await page.locator(".paused").waitFor();
      await page.screenshot({ path: join(FOLDER, `viewer-${name}-record.png`) });
      await violations(page, "a record open, paused");
      await page.getByRole("button", { name: "Disconnect" }).click();
      await violations(page, "disconnected");
      await page.getByRole("searchbox").fill("rows");
      await page.locator(".row mark").first().waitFor();
      await page.screenshot({ path: join(FOLDER, `viewer-${name}-search.png`) });
      await violations(page, "searching");
      await page.getByRole("searchbox").fill("nowhere to be found");
      await page.getByText("No line found").waitFor();
      await violations(page, "nothing found");
      await close();
    },
  );
}
