import { inWords, Lost } from "../api/failure";
import { readPage } from "../api/rest";
import type { Lines } from "./lines";
import { Value } from "./value";

/** What is known of the lines before the first one shown. */
export type OlderState =
  | { is: "unknown" }
  | { is: "more" }
  | { is: "loading" }
  | { is: "failed"; why: string }
  | { is: "none" };

/** Pages read to find where a streamed history begins are larger: most of their rows are not new. */
const SEEK_LIMIT = 5_000;

/** Loads the history before what is shown, page by page. */
export class Older {
  readonly state = new Value<OlderState>({ is: "unknown" });
  readonly #url: string;
  readonly #lines: Lines;
  #cursor: string | null = null;
  #seek = false;
  #loading: AbortController | undefined;

  constructor(url: string, lines: Lines) {
    this.#url = url;
    this.#lines = lines;
  }

  /** The first page was shown; `next` leads to what is older. */
  continueFrom(next: string | null): void {
    this.#begin(next, false);
    this.state.set({ is: next === null ? "none" : "more" });
  }

  /** The history shown was streamed: which page its first line is on has to be found. */
  seek(): void {
    this.#begin(null, true);
    this.state.set({ is: "more" });
  }

  async load(): Promise<void> {
    const { is } = this.state.get();
    if ((is !== "more" && is !== "failed") || !this.#lines.hasRoom) return;
    const loading = new AbortController();
    this.#loading = loading;
    this.state.set({ is: "loading" });
    try {
      const older = this.#seek
        ? await this.#nextWhileSeeking(loading.signal)
        : await this.#nextPage(loading.signal);
      // A later page may repeat rows that were streamed meanwhile: the server says so. Nothing else is dropped.
      const streamed = this.#lines.streamedIds();
      this.#lines.prepend(older.filter((row) => !streamed.has(row.id)));
      this.state.set({ is: this.#cursor === null ? "none" : "more" });
    } catch (error) {
      if (loading.signal.aborted) return;
      this.state.set({ is: "failed", why: inWords(error) });
    }
  }

  stop(): void {
    this.#loading?.abort();
  }

  #begin(cursor: string | null, seek: boolean): void {
    this.stop();
    this.#cursor = cursor;
    this.#seek = seek;
  }

  async #nextPage(signal: AbortSignal) {
    const page = await readPage(this.#url, { cursor: this.#cursor }, signal);
    this.#cursor = page.next;
    return page.rows;
  }

  async #nextWhileSeeking(signal: AbortSignal) {
    const first = this.#lines.at(this.#lines.shown().first)?.row.id;
    if (first === undefined) throw new Lost("There are no lines yet that older ones could come before.");
    for (;;) {
      const page = await readPage(this.#url, { cursor: this.#cursor, limit: SEEK_LIMIT }, signal);
      this.#cursor = page.next;
      const at = page.rows.findIndex((row) => row.id === first);
      if (at === -1 && page.next !== null) continue;
      this.#seek = false;
      return at === -1 ? [] : page.rows.slice(at + 1);
    }
  }
}
