const WAYS = ["token", "jwt", "forward", "proxy"] as const;

/**
 * How somebody may sign in: with a token of this server, with one that was signed elsewhere, at the service
 * that the server asks, or at a proxy in front of it.
 */
export type Way = (typeof WAYS)[number];

/** The ways that the server names, without those that this page does not know. */
export function waysOf(value: unknown): Way[] {
  return Array.isArray(value) ? WAYS.filter((way) => value.includes(way)) : [];
}

/** An address to sign in at, if it is one that may be opened: nothing that runs as a script. */
export function linkOf(value: unknown, base: string = globalThis.location?.href): string | undefined {
  if (typeof value !== "string" || value === "" || !URL.canParse(value, base)) return undefined;
  const { protocol, href } = new URL(value, base);
  return protocol === "https:" || protocol === "http:" ? href : undefined;
}
