import { once } from "node:events";
import { createServer } from "node:http";

/** A service that the server asks who may do what: the test itself may everything, everybody else as it says. */
export class Service {
  /** The status that it answers with. */
  answers = 401;
  #server;

  static async start() {
    const service = new Service();
    service.#server = createServer(({ headers }, response) => {
      const test = headers.authorization !== undefined;
      const who = test ? "test" : /who=(\w+)/.exec(headers.cookie ?? "")?.[1];
      const status = test ? 200 : who === undefined ? 401 : service.answers;
      const rights = test ? "read, append, operate" : "read";
      response.writeHead(status, status === 200 ? { "log-user": who, "log-rights": rights } : {}).end();
    }).listen(0, "127.0.0.1");
    await once(service.#server, "listening");
    return service;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}/`;
  }

  /** Has the server ask this service, and believe it for a moment only. */
  config() {
    return `[forward-auth]
url = "${this.url}may?workspace={workspace}&workflow={workflow}&right={right}"
cache = "300ms"
cache-refusals = "100ms"
grace = "0s"
`;
  }

  async stop() {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
