import { inWords, Lost } from "../api/failure";
import { type Page, readPage } from "../api/rest";
import type { Lines } from "./lines";
import { Value } from "./value";

/** What is known of the lines before the first one shown. */
export type OlderState =
  | { is: "unknown" }
  /** With the date up to which a search has looked that stopped before it had a page full. */
  | { is: "more"; reached?: string }
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
  readonly #search: Record<string, string>;
  #cursor: string | null = null;
  #seek = false;
  #reached: string | undefined;
  #loading: AbortController | undefined;

  constructor(url: string, lines: Lines, search: Record<string, string> = {}) {
    this.#url = url;
    this.#lines = lines;
    this.#search = search;
  }

  /** The first page was shown; `next` leads to what is older, or to what was not searched yet. */
  continueFrom({ next, reached }: Pick<Page, "next" | "reached">): void {
    this.#begin(next, false);
    this.#reached = reached;
    this.#ready();
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
      this.#ready();
    } catch (error) {
      if (loading.signal.aborted) return;
      this.state.set({ is: "failed", why: inWords(error) });
    }
  }

  stop(): void {
    this.#loading?.abort();
  }

  #ready(): void {
    if (this.#cursor === null) this.state.set({ is: "none" });
    else this.state.set({ is: "more", ...(this.#reached !== undefined && { reached: this.#reached }) });
  }

  #begin(cursor: string | null, seek: boolean): void {
    this.stop();
    this.#reached = undefined;
    this.#cursor = cursor;
    this.#seek = seek;
  }

  async #nextPage(signal: AbortSignal) {
    const page = await readPage(this.#url, { search: this.#search, cursor: this.#cursor }, signal);
    this.#cursor = page.next;
    this.#reached = page.reached;
    return page.rows;
  }

  async #nextWhileSeeking(signal: AbortSignal) {
    const first = this.#lines.at(this.#lines.shown().first)?.row.id;
    if (first === undefined) throw new Lost("There are no lines yet that older ones could come before.");
    for (;;) {
      const options = { search: this.#search, cursor: this.#cursor, limit: SEEK_LIMIT };
      const page = await readPage(this.#url, options, signal);
      this.#cursor = page.next;
      const at = page.rows.findIndex((row) => row.id === first);
      if (at === -1 && page.next !== null) continue;
      this.#seek = false;
      return at === -1 ? [] : page.rows.slice(at + 1);
    }
  }
}
