/** The server answered, and asking again will not help: it is shown, and nothing is retried. */
export class Refused extends Error {}

/** Worth another try: the network failed, the server is busy, or a stream ended. */
export class Lost extends Error {
  /** How long the server asked to be left alone (`Retry-After`), in milliseconds. */
  readonly atLeast: number;

  constructor(message: string, atLeast = 0, options?: ErrorOptions) {
    super(message, options);
    this.atLeast = atLeast;
  }
}

/** What went wrong, as a sentence for people. */
export function inWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const WORDS: Record<number, string> = {
  400: "The server could not read the request.",
  401: "You are not signed in.",
  403: "You are not allowed to see this log.",
  404: "The server has no such log.",
  429: "Too many connections are open.",
  500: "The server ran into an error.",
  502: "The server cannot be reached through its proxy.",
  503: "The server is not available right now.",
  504: "The server did not answer its proxy in time.",
};

/** Turns an answer other than 200 into the failure that it is, in its own words where it has some. */
export async function failureOf(response: Response): Promise<Refused | Lost> {
  const { status } = response;
  const words =
    (await problemWords(response)) ?? WORDS[status] ?? `The server answered with status ${status}.`;
  const passing = status === 408 || status === 429 || status >= 500;
  return passing ? new Lost(words, retryAfter(response.headers.get("retry-after"))) : new Refused(words);
}

/** `Retry-After` in milliseconds: seconds, or a date; 0 where it says nothing. */
export function retryAfter(value: string | null, now = Date.now()): number {
  if (value === null) return 0;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const until = Date.parse(value);
  return Number.isNaN(until) ? 0 : Math.max(0, until - now);
}

async function problemWords(response: Response): Promise<string | undefined> {
  if (!/^application\/(problem\+)?json/i.test(response.headers.get("content-type") ?? "")) return undefined;
  try {
    const { title, detail } = (await response.json()) as { title?: unknown; detail?: unknown };
    const parts = [title, detail].filter((part) => typeof part === "string" && part !== "");
    return parts.length === 0 ? undefined : parts.map((part) => sentence(String(part))).join(" ");
  } catch {
    return undefined;
  }
}

function sentence(words: string): string {
  const first = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
