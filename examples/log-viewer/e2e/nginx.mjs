import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

const NGINX = process.env.NGINX ?? "/usr/sbin/nginx";

/** A real nginx that serves `behind` below `/logs/`, compressed as it is commonly set up. */
export class Nginx {
  #folder;
  #child;
  #port;

  static async start(behind) {
    if (!existsSync(NGINX)) {
      throw new Error(`There is no nginx at ${NGINX}. Install it, or name one in NGINX.`);
    }
    const nginx = new Nginx();
    nginx.#folder = await mkdtemp(join(tmpdir(), "log-viewer-nginx-"));
    nginx.#port = await freePort();
    await writeFile(join(nginx.#folder, "nginx.conf"), nginx.#configuration(behind));
    const options = ["-p", nginx.#folder, "-c", "nginx.conf", "-e", "stderr"];
    nginx.#child = spawn(NGINX, options, { stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    nginx.#child.stderr.on("data", (text) => {
      errors += text;
    });
    for (;;) {
      if (nginx.#child.exitCode !== null) throw new Error(`nginx ended:\n${errors}`);
      if (
        await fetch(nginx.url).then(
          ({ ok }) => ok,
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

  #configuration(behind) {
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
    location /logs/ {
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
