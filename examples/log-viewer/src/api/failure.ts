import type { Way } from "./ways";

/** What an answer says beside its words. */
export interface Facts {
  /** What the server calls the request, as its logs do. */
  requestId?: string;
}

/** The server answered, and asking again will not help: it is shown, and nothing is retried. */
export class Refused extends Error {
  readonly facts: Facts;

  constructor(message: string, facts: Facts = {}) {
    super(message);
    this.facts = facts;
  }
}

/** Refused to whoever asks now: this workspace is for others. */
export class Forbidden extends Refused {}

/** Refused until somebody signs in, in one of these ways. */
export class SignedOut extends Refused {
  readonly ways: Way[];
  /** Where to sign in, if that is elsewhere and the server says where. */
  readonly link: string | undefined;

  constructor(message: string, ways: Way[] = [], link?: string, facts: Facts = {}) {
    super(message, facts);
    this.ways = ways;
    this.link = link;
  }
}

/** Worth another try: the network failed, the server is busy, or a stream ended. */
export class Lost extends Error {
  /** How long the server asked to be left alone (`Retry-After`), in milliseconds. */
  readonly atLeast: number;
  readonly facts: Facts;

  constructor(
    message: string,
    atLeast = 0,
    { facts = {}, ...options }: ErrorOptions & { facts?: Facts } = {},
  ) {
    super(message, options);
    this.atLeast = atLeast;
    this.facts = facts;
  }
}

/** What went wrong, as a sentence for people. */
export function inWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What else is known of what went wrong. */
export function factsOf(error: unknown): Facts {
  return error instanceof Refused || error instanceof Lost ? error.facts : {};
}

/** Something in front of the server has answered: asking again brings the same until somebody signs in there. */
export function answeredElsewhere(): SignedOut {
  return new SignedOut(
    "Something in front of the server answered in its place, as a proxy does when its sign-in has ended.",
    ["proxy"],
  );
}
