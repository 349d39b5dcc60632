import { vi } from "vitest";

/** A request as the page made it. */
export interface Seen {
  url: string;
  method: string;
  body: string | undefined;
  headers: Headers;
  signal: AbortSignal;
}

/** A stream whose bytes a test writes by hand. */
export class HandMade {
  readonly response: Response;
  #controller!: ReadableStreamDefaultController<Uint8Array>;

  constructor(contentType = "text/event-stream") {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
    });
    this.response = new Response(body, { headers: { "content-type": contentType } });
  }

  send(bytes: string | Uint8Array): void {
    this.#controller.enqueue(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
  }

  end(): void {
    this.#controller.close();
  }

  break(): void {
    this.#controller.error(new TypeError("network error"));
  }
}

/** Replaces `fetch` by answers given one after another; an abort breaks off as in a browser. */
export function serve(answer: (request: Seen, count: number) => Response | Promise<Response>): Seen[] {
  const seen: Seen[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const request = {
      url,
      method: init.method ?? "GET",
      body: init.body as string | undefined,
      headers: new Headers(init.headers),
      signal: init.signal as AbortSignal,
    };
    request.signal.throwIfAborted();
    seen.push(request);
    const response = await answer(request, seen.length);
    const reader = response.body?.getReader();
    if (reader === undefined) return response;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        request.signal.addEventListener("abort", () => controller.error(request.signal.reason));
      },
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    });
    return new Response(body, { status: response.status, headers: response.headers });
  });
  return seen;
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  const type = status === 200 ? "application/json" : "application/problem+json";
  return new Response(JSON.stringify(body), { status, headers: { "content-type": type, ...headers } });
}

/** Frames that a test draws by hand. */
export function stubFrames(): { draw(): void; pending(): number } {
  const waiting = new Map<number, FrameRequestCallback>();
  let last = 0;
  vi.stubGlobal("requestAnimationFrame", (callback: FrameRequestCallback) => {
    last += 1;
    waiting.set(last, callback);
    return last;
  });
  vi.stubGlobal("cancelAnimationFrame", (id: number) => waiting.delete(id));
  return {
    draw() {
      const now = [...waiting.values()];
      waiting.clear();
      for (const callback of now) callback(0);
    },
    pending: () => waiting.size,
  };
}

export function row(id: string, message = "m") {
  return { id, date: "2025-09-22T08:54:01.123Z", level: "INFO", type: "load", message };
}
