import { createParser, type EventSourceMessage } from "eventsource-parser";
import { ask } from "../api/ask";
import { Lost, Refused } from "../api/failure";
import { failureOf } from "../api/problem";
import { watch } from "./watchdog";

/** What is told about a stream while it is read, in the order in which it came. */
export interface Listener {
  onEvent(event: EventSourceMessage): void;
  onRetry(milliseconds: number): void;
}

export interface StreamOptions {
  /** The last event ID, for the header; left out when empty. */
  lastEventId: string;
  /** How long a stream may be silent, heartbeats included, until it counts as lost: as known by now. */
  silence: () => number;
  signal: AbortSignal;
}

/** No line or event of a stream may be longer (in UTF-16 units): it bounds what a broken server can cost. */
const LONGEST_EVENT = 16 * 1024 * 1024;

/** Reads one stream until it ends, which is always a failure: `Lost` when trying again may help, else `Refused`. */
export async function readStream(url: string, options: StreamOptions, listener: Listener): Promise<never> {
  const silent = new AbortController();
  const watchdog = watch(options.silence, () =>
    silent.abort(new Lost("Nothing was heard from the server for too long.")),
  );
  const signal = AbortSignal.any([options.signal, silent.signal]);
  try {
    const response = await open(url, options.lastEventId, signal);
    const parser = createParser({
      ...listener,
      maxBufferSize: LONGEST_EVENT,
      onError(error) {
        if (error.type === "max-buffer-size-exceeded")
          throw new Lost("The server sent an event that is too long.");
      },
    });
    const decoder = new TextDecoder();
    const reader = response.body?.getReader();
    for (;;) {
      const chunk = await reader?.read();
      if (chunk === undefined || chunk.done) throw new Lost("The server ended the stream.");
      parser.feed(decoder.decode(chunk.value, { stream: true }));
      watchdog.heard();
    }
  } catch (error) {
    options.signal.throwIfAborted();
    if (silent.signal.aborted) throw silent.signal.reason;
    if (error instanceof Lost || error instanceof Refused) throw error;
    throw new Lost("The connection was lost.", 0, { cause: error });
  } finally {
    watchdog.stop();
    // Whatever ended the reading, the request must not stay open.
    silent.abort();
  }
}

async function open(url: string, lastEventId: string, signal: AbortSignal): Promise<Response> {
  const headers = new Headers({ accept: "text/event-stream" });
  if (lastEventId !== "") headers.set("last-event-id", asHeader(lastEventId));
  const response = await ask(url, { headers, signal });
  if (response.status === 204) throw new Refused("The server says that there is nothing more to follow.");
  if (response.status !== 200) throw await failureOf(response);
  if (!/^text\/event-stream\s*(;|$)/i.test(response.headers.get("content-type") ?? "")) {
    throw new Refused("The server's answer is not an event stream.");
  }
  return response;
}

/** The id's UTF-8 bytes, one character each: what a header of `fetch` can carry. */
function asHeader(id: string): string {
  return Array.from(new TextEncoder().encode(id), (byte) => String.fromCharCode(byte)).join("");
}
