import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, startBrowser } from "./browser.mjs";
import { lineCount, live, readAll } from "./reading.mjs";
import { rows, Server } from "./server.mjs";
import { signIn, twoUsers } from "./tokens.mjs";

const LOG = { workspace: "etl", workflow: "inventory-sync" };
const LIMIT = { timeout: 90_000 };

const { tokens, config } = twoUsers();
let browser;
let server;
before(async () => {
  browser = await startBrowser();
  server = await Server.start([], { config, token: tokens.operator });
  await server.write(LOG, rows(100));
  await server.write({ ...LOG, workspace: "billing" }, rows(10));
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const entrance = (page) => page.getByRole("heading", { name: "Sign in to see the logs" }).waitFor();
const again = (page) => page.getByRole("heading", { name: "Sign in to go on" });

test("the keyboard is enough to sign in and out; the token is nowhere on the page", LIMIT, async () => {
  const token = tokens["ann-laptop"];
  const { page, context, close } = await openPage(browser, server.page(LOG));
  await entrance(page);
  assert.equal(await page.locator(".row").count(), 0);
  await page.keyboard.type("wrong");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("Nobody knows").waitFor();
  await page.keyboard.type(token);
  await page.keyboard.press("Enter");
  await live(page);
  await lineCount(page, 100);
  const kept = await page.evaluate(() =>
    [document.documentElement.outerHTML, document.cookie, location.href, ...Object.values(localStorage)].join(
      "\n",
    ),
  );
  assert.ok(!kept.includes(token), "the page keeps the token");
  const [cookie] = await context.cookies();
  assert.deepEqual([cookie.name, cookie.httpOnly, cookie.sameSite], ["log_session", true, "Strict"]);
  assert.ok(!cookie.value.includes(token), "the cookie has the token in it");

  for (let turn = 0; !(await page.evaluate(() => document.activeElement.matches("summary"))); turn += 1) {
    assert.notEqual(turn, 20, "the user's menu was not reached");
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await page.getByText("Signed in as ann").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Sign out" }).waitFor({ state: "hidden" });
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await entrance(page);
  await page.getByText("You have signed out.").waitFor();
  await page.reload();
  await entrance(page);
  await close();
});

test("signing out ends the stream and the page in every tab", LIMIT, async () => {
  const { page, context, close } = await openPage(browser, server.page(LOG));
  await signIn(page, tokens["ann-laptop"]);
  await live(page);
  const tab = await context.newPage();
  await tab.goto(server.page(LOG));
  await live(tab);
  assert.equal(await server.openStreams(), 2);
  await page.locator(".user summary").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  for (const each of [page, tab]) {
    await entrance(each);
    assert.equal(await each.locator(".row").count(), 0);
  }
  while ((await server.openStreams()) > 0);
  // One who signs in in one tab is signed in in the others.
  await signIn(tab, tokens["ann-laptop"]);
  await Promise.all([live(page), live(tab)]);
  await close();
});

test(
  "a sign-in that is taken back ends the stream in words, and it goes on exactly once",
  LIMIT,
  async () => {
    const { page, close } = await openPage(browser, server.page(LOG));
    await signIn(page, tokens["ann-laptop"]);
    await live(page);
    const count = (await server.ids(LOG)).length;
    await lineCount(page, count);
    await server.ask("revocations", { credential: "ann-laptop" });
    await again(page).waitFor();
    await page.getByText("Your sign-in was taken back.").waitFor();
    await page.locator(".state-words", { hasText: "Not signed in" }).waitFor();
    await server.write(LOG, rows(50, "meanwhile"));
    await lineCount(page, count);
    await signIn(page, tokens["ann-laptop"]);
    await page.getByRole("alert").locator("p").waitFor();
    await signIn(page, tokens["ann-phone"]);
    await live(page);
    await server.write(LOG, rows(5, "after"));
    await lineCount(page, count + 55);
    assert.equal(await again(page).count(), 0);
    assert.deepEqual(await readAll(page), await server.ids(LOG));
    await close();
  },
);

test("nothing of one user's log stays for another one", LIMIT, async () => {
  const { page, context, close } = await openPage(browser, server.page(LOG));
  await signIn(page, tokens["ann-phone"]);
  await live(page);
  await page.locator(".row").first().waitFor();
  await context.clearCookies();
  await page.getByRole("button", { name: "Disconnect" }).click();
  await page.getByRole("button", { name: "Connect" }).click();
  await again(page).waitFor();
  assert.ok((await page.locator(".row").count()) > 0, "what was shown stays");
  await signIn(page, tokens.bob);
  await page.getByRole("heading", { name: "You may not see this log" }).waitFor();
  assert.equal(await page.locator(".row").count(), 0);
  await close();
});

test("what one may not see is said, and asked for once; what one may see can be chosen", LIMIT, async () => {
  const { page, close } = await openPage(browser, server.page(LOG));
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await signIn(page, tokens.bob);
  await page.getByRole("heading", { name: "You may not see this log" }).waitFor();
  await page.getByText(/^Request/).waitFor();
  const options = page.getByLabel("Workspace").locator("option");
  await options.getByText("billing").waitFor({ state: "attached" });
  assert.deepEqual(asked.filter((path) => path.endsWith("/logs")).length, 1);
  await page.getByLabel("Workspace").selectOption("billing");
  await live(page);
  await lineCount(page, 10);
  await close();
});
