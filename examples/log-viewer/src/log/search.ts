/** What is looked for in a log: lines for which all of it holds. */
export interface Search {
  text: string;
  /** Whether the text is a pattern, in the syntax of Rust's `regex`. */
  pattern: boolean;
  /** The least grave level shown; empty for every level, and for lines without one. */
  least: string;
}

/** From the least grave on. */
export const LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];

export const EVERYTHING: Search = { text: "", pattern: false, least: "" };

/** The search as the server takes it, for pages and streams alike. */
export function searchQuery({ text, pattern, least }: Search): Record<string, string> {
  const query: Record<string, string> = {};
  if (text !== "") query[pattern ? "regex" : "q"] = text;
  if (least !== "") query.level = LEVELS.slice(LEVELS.indexOf(least)).join(",");
  return query;
}

/** How much of a message is marked; the server has found it in any case. */
const MARKED = 4_000;
const MARKED_BY_PATTERN = 300;

/** Finds what to mark in a message, as the server found it; `null` where nothing is to be marked. */
export function marker({ text, pattern }: Search): ((message: string) => RegExpMatchArray[]) | null {
  if (text === "") return null;
  const compiled = pattern ? ofPattern(text) : ofText(text);
  if (compiled === null) return null;
  const most = pattern ? MARKED_BY_PATTERN : MARKED;
  return (message) => [...message.slice(0, most).matchAll(compiled)].filter(([found]) => found !== "");
}

/** As the server does: a capital letter is meant. */
function ofText(text: string): RegExp {
  const exactly = /\p{Lu}/u.test(text);
  return new RegExp(
    text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&").replace(/\\-/g, "\\x2d"),
    exactly ? "gu" : "giu",
  );
}

/** The browser's own syntax is another one: what it does not know, or could take for ever over, is not marked. */
function ofPattern(pattern: string): RegExp | null {
  const anyCase = pattern.startsWith("(?i)");
  const rest = anyCase ? pattern.slice(4) : pattern;
  const repeated = rest.match(/[*+{]/g)?.length ?? 0;
  if (repeated > 2 || /\)[*+{?]/.test(rest)) return null;
  try {
    return new RegExp(rest, anyCase ? "giu" : "gu");
  } catch {
    return null;
  }
}
