import { after, before } from "node:test";
import { startBrowser } from "./browser.mjs";
import { rows, Server } from "./server.mjs";

/** A browser, and a server with so many rows in a log, for all tests of a file: there once they run. */
export function deployed(log, count) {
  const shared = {};
  before(async () => {
    shared.browser = await startBrowser();
    shared.server = await Server.start();
    await shared.server.write(log, rows(count));
  });
  after(async () => {
    await shared.browser?.close();
    await shared.server?.stop();
  });
  return shared;
}
