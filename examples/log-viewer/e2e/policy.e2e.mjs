import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./browser.mjs";
import { deployed } from "./deployed.mjs";
import { live } from "./reading.mjs";

const LOG = { workspace: "etl", workflow: "inventory-sync" };
const LIMIT = { timeout: 60_000 };

const shared = deployed(LOG, 100);

test("the page's policy lets in nothing but its own files, and nobody may frame it", LIMIT, async () => {
  const response = await fetch(shared.server.url);
  const policy = response.headers.get("content-security-policy");
  assert.match(policy, /default-src '(none|self)'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe|\*|data:|blob:|https?:/);
  const page = await response.text();
  assert.doesNotMatch(page, /<style|<script(?![^>]* src=)| style=| on\w+=/);
});

test("what the policy forbids is noticed by every test that closes its page", LIMIT, async () => {
  const { page, close } = await openPage(shared.browser, shared.server.page(LOG));
  await live(page);
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "document.title = 'let in'";
    document.head.append(script);
  });
  assert.doesNotMatch(await page.title(), /let in/);
  await assert.rejects(close(), /script-src/);
});
