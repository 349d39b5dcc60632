import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

const NGINX = process.env.NGINX ?? "/usr/sbin/nginx";

/** Ways of proxies to send away who has no sign-in with them: what nginx does where the cookie `gate` is not there. */
export const GATES = {
  "a redirect": "return 302 /login;",
  "a page": "rewrite ^ /login last;",
};

/**
 * A real nginx that serves `behind` below `/logs/`, compressed as it is commonly set up; with a gate, to
 * those who have signed in at it.
 */
export class Nginx {
  #folder;
  #child;
  #port;

  static async start(behind, gate) {
    if (!existsSync(NGINX)) {
      throw new Error(`There is no nginx at ${NGINX}. Install it, or name one in NGINX.`);
    }
    const nginx = new Nginx();
    nginx.#folder = await mkdtemp(join(tmpdir(), "log-viewer-nginx-"));
    nginx.#port = await freePort();
    await writeFile(join(nginx.#folder, "nginx.conf"), nginx.#configuration(behind, gate));
    const options = ["-p", nginx.#folder, "-c", "nginx.conf", "-e", "stderr"];
    nginx.#child = spawn(NGINX, options, { stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    nginx.#child.stderr.on("data", (text) => {
      errors += text;
    });
    for (;;) {
      if (nginx.#child.exitCode !== null) throw new Error(`nginx ended:\n${errors}`);
      if (
        await fetch(nginx.url, { redirect: "manual" }).then(
          ({ status }) => status < 400,
          () => false,
        )
      )
        return nginx;
      await setTimeout(20);
    }
  }

  get url() {
    return `http://127.0.0.1:${this.#port}/logs/`;
  }

  async stop() {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
    await rm(this.#folder, { recursive: true, force: true });
  }

  #configuration(behind, gate) {
    const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    return `
daemon off;
pid nginx.pid;
worker_processes 1;
error_log stderr;
events {}
http {
  access_log off;
  ${paths.map((path) => `${path}_temp_path ${path};`).join("\n  ")}
  gzip on;
  gzip_proxied any;
  gzip_types text/css text/javascript application/json image/svg+xml;
  server {
    listen 127.0.0.1:${this.#port};
    location = /login { default_type text/html; return 200 '<a href="/enter">Enter</a>'; }
    location = /enter { add_header set-cookie "gate=open; Path=/; HttpOnly"; return 302 /logs/; }
    location /logs/ {
      ${gate === undefined ? "" : `if ($cookie_gate = "") { ${gate} }`}
      proxy_pass ${behind};
      proxy_http_version 1.1;
      proxy_buffering off;
    }
  }
}
`;
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
