import type { EventSourceMessage } from "eventsource-parser";
import { failureOfDenial } from "../api/problem";
import { logsUrl, readPage } from "../api/rest";
import { gapInWords, type LogEvent, resetInWords, toLogEvent } from "../stream/events";
import { type Attempt, type Connection, type Kept, keepConnected } from "../stream/keep";
import { readStream } from "../stream/read";
import { Lines } from "./lines";
import { Older } from "./older";
import { EVERYTHING, type Search, searchQuery } from "./search";
import { Value } from "./value";

/** How one log's feed stands, as far as people care. */
export interface FeedState {
  connection: Connection;
  /** What the server says of its store while that is unavailable. */
  storeTrouble: string | null;
  /** The server announced that it is shutting down. */
  draining: boolean;
  /** Why the view began anew, or that lines came late, until somebody has read it. */
  notice: string | null;
  /** Whether the history was loaded: only then is an empty view an empty log. */
  loaded: boolean;
}

/** How often idle servers send a heartbeat, until they say so themselves. */
const HEARTBEAT = 25_000;

/** A stream that is silent for so many heartbeats is lost. */
const MISSED = 2.5;

/** One workflow's log: its history, then its stream, for as long as it is connected. */
export class Feed {
  readonly lines = new Lines();
  readonly older: Older;
  readonly state = new Value<FeedState>({
    connection: { is: "connecting" },
    storeTrouble: null,
    draining: false,
    notice: null,
    loaded: false,
  });
  readonly #url: string;
  readonly #search: Record<string, string>;
  #kept: Kept | undefined;
  /** The live position that the history was read at; a connection without a last id starts there. */
  #after: string | undefined;
  #heartbeat = HEARTBEAT;
  #lastEventId = "";
  /** How many lines came late since somebody has read of it. */
  #late = 0;

  constructor(workspace: string, workflow: string, search: Search = EVERYTHING) {
    this.#url = logsUrl(workspace, workflow);
    this.#search = searchQuery(search);
    this.older = new Older(this.#url, this.lines, this.#search);
  }

  /** Connects, going on from the last line received. */
  connect(): void {
    this.#kept?.stop();
    this.#kept = keepConnected(
      (attempt) => this.#attempt(attempt),
      (connection) => this.#onConnection(connection),
    );
  }

  /** Disconnects by hand; what is shown stays. */
  disconnect(): void {
    this.#kept?.stop();
    this.#kept = undefined;
    this.#update({ connection: { is: "off" }, storeTrouble: null, draining: false });
  }

  /** Shows the newest lines instead of those held, and goes on from there. */
  restart(): void {
    this.lines.clear();
    this.#after = undefined;
    this.#lastEventId = "";
    this.connect();
  }

  /** Connects now instead of when the wait is over. */
  now(): void {
    this.#kept?.now();
  }

  dismissNotice(): void {
    this.#late = 0;
    this.#update({ notice: null });
  }

  stop(): void {
    this.#kept?.stop();
    this.#kept = undefined;
    this.older.stop();
    this.lines.stop();
  }

  async #attempt({ signal, onLive, onRetry }: Attempt): Promise<never> {
    const lastEventId = this.#lastEventId;
    if (lastEventId === "") this.#after ??= await this.#loadNewest(signal);
    // The header wins over `?after=`, which only has a say while there is no id yet.
    const search = new URLSearchParams(this.#search);
    const after = `after=${encodeURIComponent(this.#after ?? "")}`;
    const url = `${this.#url}/stream?${after}${search.size > 0 ? `&${search}` : ""}`;
    return readStream(
      url,
      { lastEventId, silence: () => MISSED * this.#heartbeat, signal },
      {
        onEvent: (message) => this.#onMessage(message, onLive),
        onRetry,
      },
    );
  }

  async #loadNewest(signal: AbortSignal): Promise<string> {
    const page = await readPage(this.#url, { search: this.#search }, signal);
    this.lines.prepend(page.rows);
    this.older.continueFrom(page);
    this.#update({ loaded: true });
    return page.position;
  }

  #onMessage(message: EventSourceMessage, onLive: () => void): void {
    const event = toLogEvent(message);
    // Thrown, it ends the attempt as the failure that it is.
    if (event.is === "denied") throw failureOfDenial(event);
    onLive();
    this.#onEvent(event);
    // Committed last: an event that could not be handled is asked for again.
    if (message.id !== undefined) this.#lastEventId = message.id;
  }

  #onEvent(event: LogEvent): void {
    switch (event.is) {
      case "start":
        this.#heartbeat = event.heartbeat ?? HEARTBEAT;
        if (event.reset !== null) this.#beginAnew(event.reset);
        break;
      case "row":
        this.lines.append(event.row);
        break;
      case "late":
        this.lines.insert(event.row);
        break;
      case "gap":
        this.#late += event.late;
        this.#update({ notice: gapInWords(this.#late) });
        break;
      case "reset":
        this.#beginAnew(event.reason);
        break;
      case "status":
        this.#update({ storeTrouble: event.source === "ok" ? null : event.message });
        break;
      case "drain":
        this.#update({ draining: true });
        break;
    }
  }

  #beginAnew(reason: string): void {
    this.lines.clear();
    this.older.seek();
    // Should the stream end before it brings an id, history is loaded anew.
    this.#after = undefined;
    this.#update({ notice: resetInWords(reason) });
  }

  #onConnection(connection: Connection): void {
    if (connection.is === "live") this.#update({ connection, draining: false });
    else this.#update({ connection, storeTrouble: null });
  }

  #update(change: Partial<FeedState>): void {
    this.state.set({ ...this.state.get(), ...change });
  }
}
