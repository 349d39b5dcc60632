import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, startBrowser } from "./browser.mjs";
import { clickUntil, LIVE, lineCount, live, readAll } from "./reading.mjs";
import { rows, Server } from "./server.mjs";
import { Service } from "./service.mjs";
import { twoUsers } from "./tokens.mjs";

const LOG = { workspace: "etl", workflow: "inventory-sync" };
const LIMIT = { timeout: 90_000 };

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

test("a limit is named, and the stream comes when there is room", LIMIT, async () => {
  const server = await Server.start(["--max-streams-per-address", "1"]);
  const { page, context, close } = await openPage(browser, server.page(LOG));
  try {
    await live(page);
    const tab = await context.newPage();
    await tab.goto(server.page(LOG));
    const notice = tab.locator(".notice", { hasText: "The limit is “streams per address”." });
    await notice.waitFor();
    await tab.locator(".state-words", { hasText: /^Reconnecting in \d+ s$/ }).waitFor();
    await notice.getByText(/^Request/).waitFor();
    await page.close();
    await clickUntil(tab.getByRole("button", { name: "Reconnect now" }), tab.locator(LIVE));
    assert.equal(await notice.count(), 0);
  } finally {
    await close();
    await server.stop();
  }
});

test("who has guessed too often is told when to try again, and not let try before", LIMIT, async () => {
  const { tokens, config } = twoUsers();
  const limits = '[limits]\nfailed-sign-ins-per-address = "2/6s"\n';
  const server = await Server.start([], { config: config + limits });
  const permissions = ["clipboard-read", "clipboard-write"];
  const { page, close } = await openPage(browser, server.page(LOG), { permissions });
  try {
    const send = page.locator(".sign-in-send");
    const alert = page.getByRole("alert");
    const limited = alert.getByText("The limit is “failed sign ins per address”.");
    do {
      await page.getByLabel("Token").fill("a guess");
      await page.keyboard.press("Enter");
      await alert.getByText("Nobody knows").or(limited).waitFor();
    } while ((await limited.count()) === 0);
    assert.match(await send.textContent(), /^Try again in \d+ s$/);
    assert.ok(await send.isDisabled());
    await page.getByRole("button", { name: "Copy the id of the request" }).click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(copied, await page.locator(".request-id code").textContent());
    await page.getByLabel("Token").fill(tokens.operator);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.locator(".user").waitFor();
  } finally {
    await close();
    await server.stop();
  }
});

test("the service beside the server decides, and the page says what it decided", LIMIT, async () => {
  const service = await Service.start();
  const server = await Server.start([], { config: service.config(), token: "of the test" });
  const { page, context, close } = await openPage(browser, server.page(LOG));
  try {
    await server.write(LOG, rows(40));
    await page.getByText("Sign in at the service that these logs belong to").waitFor();
    assert.equal(await page.getByLabel("Token").count(), 0);
    const signedIn = page.getByRole("button", { name: "I have signed in" });
    await signedIn.click();
    await page.getByText("The server does not know of a sign-in yet.").waitFor();

    await context.addCookies([{ name: "who", value: "ann", url: service.url }]);
    service.answers = 200;
    await signedIn.click();
    await live(page);
    await lineCount(page, 40);
    await page.locator(".user summary").click();
    await page.getByText("You sign out at the service").waitFor();
    await page.keyboard.press("Escape");

    service.answers = 403;
    await page.locator('.notice[data-tone="bad"]').waitFor();
    await page.locator(".state-words", { hasText: /^Not connected$/ }).waitFor();
    await lineCount(page, 40);
    await server.write(LOG, rows(10, "not for ann"));

    service.answers = 503;
    const tryAgain = page.getByRole("button", { name: "Try again" });
    await clickUntil(tryAgain, page.locator('.notice[data-tone="warning"]'));
    await page.locator(".state-words", { hasText: /^Reconnecting in \d+ s$/ }).waitFor();
    await lineCount(page, 40);

    service.answers = 401;
    await page.getByRole("heading", { name: "Sign in to go on" }).waitFor();
    service.answers = 200;
    await clickUntil(signedIn, page.locator(LIVE));
    await lineCount(page, 50);
    assert.deepEqual(await readAll(page), await server.ids(LOG));
  } finally {
    await close();
    await server.stop();
    await service.stop();
  }
});
