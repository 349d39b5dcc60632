import type { Row } from "../api/row";
import { onNextFrame } from "./frame";

/** How many lines the page holds; older ones are let go. */
export const HELD = 100_000;

/** How many more it may hold so that lines being read stay while new ones arrive. */
export const SLACK = 20_000;

/** How many lines beyond what arrived are let go in one frame: cutting off many at once would freeze it. */
const STEP = 1_000;

/** Keys of one generation never meet those of the next. */
const GENERATION = 2 ** 32;

/** A record on the page. */
export interface Line {
  row: Row;
  /** How many lines of text its message has. */
  height: number;
  /** Whether it came when its place had been passed. */
  late?: boolean;
}

/** What the page shows: `count` lines, whose keys are `first`, `first + 1`, and so on. */
export interface Shown {
  first: number;
  count: number;
  /** How many of the oldest lines were let go. */
  letGo: number;
  /** How many of the newest lines were not kept, because all that is held is being read. */
  missed: number;
}

/**
 * The lines of one log, oldest first, outside of React: rows are added as they come, and those who
 * subscribed are told at most once a frame. A line keeps its key while older lines come and go.
 */
export class Lines {
  // Two stacks that meet at `#base`: what was streamed, where `#newer[i]` has the key `#base + i`, and the
  // history before it, where `#older[i]` has the key `#base - 1 - i`.
  #older: Line[] = [];
  #newer: (Line | undefined)[] = [];
  #gone = 0;
  #base = GENERATION;
  #letGo = 0;
  #missed = 0;
  #arrived = 0;

  #shown: Shown = { first: GENERATION, count: 0, letGo: 0, missed: 0 };
  #listeners = new Set<() => void>();
  #cancelFlush: (() => void) | undefined;
  #reading: number | undefined;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  shown = (): Shown => this.#shown;

  /** The line with this key, unless it was let go. */
  at(key: number): Line | undefined {
    const index = key - this.#base;
    return index >= 0 ? this.#newer[index] : this.#older[-1 - index];
  }

  /** Adds a row that was streamed, after all others. */
  append(row: Row): void {
    if (this.#isHeldFull) {
      this.#missed += 1;
    } else {
      this.#newer.push(toLine(row));
      this.#arrived += 1;
    }
    this.#flushSoon();
  }

  /**
   * Adds a row that was streamed late, at its place by date among those that were streamed. It is left out if it
   * is there already: another server may have sent it.
   */
  insert(row: Row): void {
    if (this.#isHeldFull || this.#newer.some((line) => line?.row.id === row.id)) return;
    const date = Date.parse(row.date);
    const place =
      this.#newer.findLastIndex((line) => line === undefined || !(Date.parse(line.row.date) > date)) + 1;
    this.#newer.splice(Math.max(place, this.#gone), 0, { ...toLine(row), late: true });
    this.#arrived += 1;
    this.#flushSoon();
  }

  /** Adds rows of history, newest first as pages have them, before all others; shown at once. */
  prepend(rows: readonly Row[]): void {
    // Lines were let go meanwhile: these would leave a gap before the first one.
    if (this.#letGo > 0) return;
    for (const row of rows) this.#older.push(toLine(row));
    this.#publish();
    if (this.#size > HELD) this.#flushSoon();
  }

  /** Takes every line off the page, at once. */
  clear(): void {
    this.#base = Math.floor(this.#base / GENERATION + 2) * GENERATION;
    this.#older = [];
    this.#newer = [];
    this.#gone = 0;
    this.#letGo = 0;
    this.#missed = 0;
    this.#arrived = 0;
    this.#publish();
  }

  /** Says which line is the first being read, so that it is kept; `undefined` when the tail is followed. */
  keepFrom(key: number | undefined): void {
    this.#reading = key;
    if (this.#size > HELD) this.#flushSoon();
  }

  /** Whether older lines can be added without letting go of newer ones. */
  get hasRoom(): boolean {
    return this.#letGo === 0 && this.#size < HELD;
  }

  /** The ids of the lines held that were streamed: an older page of history may repeat these, and no others. */
  streamedIds(): Set<string> {
    const ids = new Set<string>();
    for (const line of this.#newer) if (line !== undefined) ids.add(line.row.id);
    return ids;
  }

  stop(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
  }

  // Once a line was missed all later ones are, for a gap in the middle would not be seen.
  get #isHeldFull(): boolean {
    if (this.#missed > 0) return true;
    return this.#size >= HELD + SLACK && this.#reading !== undefined && this.#reading <= this.#first;
  }

  get #size(): number {
    return this.#older.length + this.#newer.length - this.#gone;
  }

  get #first(): number {
    return this.#older.length > 0 ? this.#base - this.#older.length : this.#base + this.#gone;
  }

  #flushSoon(): void {
    this.#cancelFlush ??= onNextFrame(() => {
      this.#cancelFlush = undefined;
      this.#letOldOnesGo();
      this.#publish();
    });
  }

  #publish(): void {
    this.#shown = { first: this.#first, count: this.#size, letGo: this.#letGo, missed: this.#missed };
    for (const listener of this.#listeners) listener();
  }

  #letOldOnesGo(): void {
    const most = this.#arrived + STEP;
    this.#arrived = 0;
    const unread = this.#reading === undefined ? Number.POSITIVE_INFINITY : this.#reading - this.#first;
    const spare = Math.min(this.#size - HELD, unread);
    if (spare <= 0) return;
    let count = Math.min(spare, most);
    const more = count < spare;
    this.#letGo += count;

    const fromOlder = Math.min(count, this.#older.length);
    this.#older.length -= fromOlder;
    count -= fromOlder;
    for (let i = 0; i < count; i += 1) this.#newer[this.#gone + i] = undefined;
    this.#gone += count;
    // Moving the rest to the front is cheap when done rarely.
    if (this.#gone > this.#newer.length / 2) {
      this.#newer.splice(0, this.#gone);
      this.#base += this.#gone;
      this.#gone = 0;
    }
    if (more) this.#flushSoon();
  }
}

function toLine(row: Row): Line {
  let height = 1;
  for (let at = row.message.indexOf("\n"); at !== -1; at = row.message.indexOf("\n", at + 1)) height += 1;
  return { row, height };
}
