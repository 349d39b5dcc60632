import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./browser.mjs";
import { deployed } from "./deployed.mjs";
import { GATES, Nginx } from "./nginx.mjs";
import { lineCount, live, readAll } from "./reading.mjs";
import { rows } from "./server.mjs";

const LOG = { workspace: "etl", workflow: "inventory-sync" };
const LIMIT = { timeout: 60_000 };

const shared = deployed(LOG, 30);

for (const [answer, gate] of Object.entries(GATES)) {
  test(`a proxy whose sign-in has ended, and that answers with ${answer}, is told of`, LIMIT, async () => {
    const nginx = await Nginx.start(shared.server.url, gate);
    const { page, context, close } = await openPage(shared.browser, nginx.url);
    try {
      await page.getByRole("link", { name: "Enter" }).click();
      await live(page);
      const count = (await shared.server.ids(LOG)).length;
      await lineCount(page, count);

      await context.clearCookies();
      await page.getByRole("button", { name: "Disconnect" }).click();
      const asked = [];
      page.on("request", (request) => request.url().startsWith(nginx.url) && asked.push(request.url()));
      await page.getByRole("button", { name: "Connect" }).click();
      await page.getByText("Something in front of the server answered in its place").waitFor();
      await page.getByText("Not signed in", { exact: true }).first().waitFor();
      await lineCount(page, count);
      await page.getByRole("button", { name: "I have signed in" }).click();
      await page.getByText("The server does not know of a sign-in yet.").waitFor();
      const paths = asked.map((url) => new URL(url).pathname.split("/").at(-1));
      assert.deepEqual(paths, ["stream", "session", "session"]);

      await shared.server.write(LOG, rows(20, "meanwhile"));
      const opened = context.waitForEvent("page");
      await page.getByRole("link", { name: "Open the page" }).click();
      const tab = await opened;
      await tab.getByRole("link", { name: "Enter" }).click();
      await live(tab);
      await tab.close();
      await page.getByRole("button", { name: "I have signed in" }).click();
      await live(page);
      await lineCount(page, count + 20);
      assert.deepEqual(await readAll(page), await shared.server.ids(LOG));
    } finally {
      await close();
      await nginx.stop();
    }
  });
}
