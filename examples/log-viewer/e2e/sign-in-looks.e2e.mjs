import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { violations } from "./axe.mjs";
import { openPage, startBrowser } from "./browser.mjs";
import { FOLDER, fits, LOOKS } from "./looks.mjs";
import { live } from "./reading.mjs";
import { rows, Server } from "./server.mjs";
import { signIn, tokensFor } from "./tokens.mjs";

const LOG = { workspace: "etl", workflow: "inventory-sync" };
const LIMIT = { timeout: 60_000 };
// Of a length that names have, and that has no room anywhere.
const ANN = "ann.katherine.leverton-smythe@warehouse.example.com";

const names = LOOKS.map(({ name }) => name);
const { tokens, config } = tokensFor({
  ...Object.fromEntries(names.map((name) => [name, { user: ANN, workspaces: ["etl"] }])),
  operator: { rights: ["read", "append", "operate"] },
});
let browser;
let server;
before(async () => {
  browser = await startBrowser();
  server = await Server.start([], { config, token: tokens.operator });
  await server.write(LOG, rows(200));
  await mkdir(FOLDER, { recursive: true });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const { name, ...look } of LOOKS) {
  test(
    `signing in in its ${name} look fits, has no serious accessibility violation, and is pictured`,
    LIMIT,
    async (t) => {
      const { page, close } = await openPage(browser, server.page(LOG), look);
      const state = async (what) => {
        await fits(page);
        const file = join(FOLDER, `sign-in-${name}-${what}.png`);
        await page.screenshot({ path: file });
        t.diagnostic(`pictured in ${file}`);
        await violations(page, what);
      };
      await page.getByLabel("Token").waitFor();
      await state("entrance");
      await signIn(page, "wrong");
      await page.getByRole("alert").locator("p").waitFor();
      await state("refused");
      await signIn(page, tokens[name]);
      await live(page);
      await page.locator(".user summary").click();
      await page.getByRole("button", { name: "Sign out" }).waitFor();
      await state("menu");
      await page.keyboard.press("Escape");
      await server.ask("revocations", { credential: name });
      await page.getByRole("heading", { name: "Sign in to go on" }).waitFor();
      await state("taken-back");
      await signIn(page, tokens.operator);
      await live(page);
      await page.locator(".user summary").click();
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByText("You have signed out.").waitFor();
      assert.equal(await page.locator(".row").count(), 0);
      await state("signed-out");
      await close();
    },
  );
}
