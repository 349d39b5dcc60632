/** What the page remembers from one visit to the next. */
export interface Remembered {
  workspace: string;
  workflow: string;
  wrap: boolean;
  theme: Theme;
}

export type Theme = "system" | "light" | "dark";

const KEY = "log-viewer";
const INITIAL: Remembered = { workspace: "", workflow: "", wrap: true, theme: "system" };

/** What was remembered, with what was not as it is on a first visit. */
export function recall(): Remembered {
  try {
    return { ...INITIAL, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Remembered>) };
  } catch {
    return INITIAL;
  }
}

export function remember(change: Partial<Remembered>): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...recall(), ...change }));
  } catch {
    // Storage may be forbidden or full; the page works without a memory.
  }
}
