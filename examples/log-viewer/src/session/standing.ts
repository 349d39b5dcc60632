import type { Facts, SignedOut } from "../api/failure";
import type { Caller } from "../api/session";
import type { Way } from "../api/ways";

/** What the page knows of who is using it. */
export type Standing =
  /** The server has not answered yet. */
  | { is: "asking" }
  /** There is nothing to sign in to, or not as far as is known: nothing of it is shown. */
  | { is: "open" }
  | ({ is: "in" } & Caller)
  | Out;

/** Nobody is signed in. */
export interface Out {
  is: "out";
  /** Whose log stays on the page, for he did not leave it: it goes on when he has signed in again. */
  kept: string | null;
  ways: Way[];
  link: string | undefined;
  /** What the server said; nothing on a first visit. */
  why: string | null;
  facts: Facts;
  /** Somebody has signed out and the server does not know of it yet. */
  unfinished: boolean;
}

/** The server knows who asks, or asks nobody. */
export function known(caller: Caller | null): Standing {
  return caller === null ? { is: "open" } : { is: "in", ...caller };
}

/** The server wants a sign-in. What it says first of the reason stays: later answers know less of it. */
export function lapsed(before: Standing, failure: SignedOut): Out {
  const { ways, link } = failure;
  const known = knownWays(before);
  const atProxy = ways.includes("proxy");
  if (before.is === "out" && before.ways.includes("proxy") === atProxy)
    return { ...before, ways: ways.length > 0 ? ways : before.ways, link: link ?? before.link };
  // That nobody is signed in is no news to who has only just come.
  const news = before.is !== "asking" || atProxy;
  return {
    is: "out",
    kept: viewerOf(before),
    ways: ways.length > 0 ? ways : known.ways,
    link: link ?? known.link,
    why: news ? failure.message : null,
    facts: news ? failure.facts : {},
    unfinished: false,
  };
}

/** Somebody has signed out, and the log goes with him. */
export function left(before: Standing, why: string, unfinished = false): Out {
  return { is: "out", kept: null, ...knownWays(before), why, facts: {}, unfinished };
}

/** Whose log the page may show; `null` for nobody's, and empty where the server asks nobody who he is. */
export function viewerOf(standing: Standing): string | null {
  switch (standing.is) {
    case "asking":
      return null;
    case "open":
      return "";
    case "in":
      return standing.user;
    case "out":
      return standing.kept;
  }
}

function knownWays(standing: Standing): Pick<Out, "ways" | "link"> {
  if (standing.is === "in") return { ways: standing.ways, link: undefined };
  if (standing.is === "out") return { ways: standing.ways, link: standing.link };
  return { ways: [], link: undefined };
}
