import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const BINARY =
  process.env.LOG_SERVER ?? fileURLToPath(new URL("../../../target/debug/log-server", import.meta.url));

/** The real server on a store of its own, which survives restarts on the same port. */
export class Server {
  #folder;
  #child;
  #port = 0;
  #options;
  #token;

  /** With a configuration file, a token of it reads and writes for the test itself. */
  static async start(options = [], { config, token } = {}) {
    if (!existsSync(BINARY)) {
      throw new Error(
        `There is no server at ${BINARY}. Build it (cargo build -p log-server) or name one in LOG_SERVER.`,
      );
    }
    const server = new Server();
    server.#options = options;
    server.#folder = await mkdtemp(join(tmpdir(), "log-viewer-"));
    server.#token = token;
    if (config !== undefined) {
      const file = join(server.#folder, "log-server.toml");
      await writeFile(file, config);
      server.#options = ["--config", file, ...options];
    }
    await server.restart();
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** Starts the server again where it was; it must not be running. */
  async restart() {
    const store = `sqlite:${join(this.#folder, "logs.db")}`;
    const child = spawn(BINARY, ["--listen", `127.0.0.1:${this.#port}`, "--store", store, ...this.#options], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    let errors = "";
    child.stderr.on("data", (text) => {
      errors += text;
    });
    const early = once(child, "exit").then(([code]) => {
      throw new Error(`The server ended with ${code} before it listened:\n${errors}`);
    });
    const listening = new Promise((resolve) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        const port = /^listening on http:\/\/127\.0\.0\.1:(\d+)\//.exec(line)?.[1];
        if (port !== undefined) resolve(Number(port));
      });
    });
    this.#port = await Promise.race([listening, early]);
    early.catch(() => {});
  }

  /** Ends the server: at once, as a crash would, or politely (`SIGTERM`). */
  async end(signal = "SIGKILL") {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill(signal);
    await ended;
  }

  /** The server stops doing anything, with its connections open; and goes on. */
  freeze() {
    this.#child.kill("SIGSTOP");
  }

  thaw() {
    this.#child.kill("SIGCONT");
  }

  async stop() {
    await this.end();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** The address of the page for a log. */
  page(log) {
    return `${this.url}?${new URLSearchParams(log)}`;
  }

  /** Writes rows; returns their ids. */
  async write(log, rows) {
    const response = await fetch(this.#logs(log), {
      method: "POST",
      headers: { ...this.#headers(), "content-type": "application/x-ndjson" },
      body: rows.map((row) => JSON.stringify(row)).join("\n"),
    });
    if (response.status !== 201)
      throw new Error(`POST answered ${response.status}: ${await response.text()}`);
    return (await response.json()).ids;
  }

  /** The ids of every row in the store, oldest first. */
  async ids(log) {
    const ids = [];
    let cursor = null;
    do {
      const query = new URLSearchParams({ order: "asc", limit: "700", ...(cursor && { cursor }) });
      const response = await fetch(`${this.#logs(log)}?${query}`, { headers: this.#headers() });
      if (response.status !== 200)
        throw new Error(`GET answered ${response.status}: ${await response.text()}`);
      const page = await response.json();
      ids.push(...page.logs.map((row) => row.id));
      cursor = page.next;
    } while (cursor !== null);
    return ids;
  }

  /** Asks for something else, as whoever has the test's token; fails unless the answer is good. */
  async ask(path, body) {
    const response = await fetch(this.url + path, {
      headers: { ...this.#headers(), "content-type": "application/json" },
      ...(body && { method: "POST", body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return response.text();
  }

  /** How many streams are open, by the server's own count. */
  async openStreams() {
    return Number(/^log_streams (\d+)$/m.exec(await this.ask("metrics"))[1]);
  }

  #headers() {
    return this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` };
  }

  #logs({ workspace, workflow }) {
    return `${this.url}wfm/workflow/workspace/${workspace}/workflow/${workflow}/logs`;
  }
}

/** Rows as a pipeline writes them. */
export function rows(count, what = "row") {
  return Array.from({ length: count }, (_, i) => ({
    level: i % 50 === 7 ? "ERROR" : i % 20 === 3 ? "WARNING" : "INFO",
    type: ["extract", "transform", "load"][i % 3],
    message: i % 50 === 7 ? `${what} ${i} failed\n    at Writer.flush (writer.py:218)` : `${what} ${i}`,
    batch: { number: i, ok: true },
  }));
}
