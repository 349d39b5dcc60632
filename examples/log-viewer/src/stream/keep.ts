import { type Facts, Forbidden, factsOf, inWords, Lost, Refused, SignedOut } from "../api/failure";
import { DEFAULT_RETRY, delayBefore } from "./backoff";

/** How a connection stands. */
export type Connection =
  | { is: "connecting" }
  | { is: "live" }
  | { is: "waiting"; until: number; why: string; facts: Facts }
  | { is: "refused"; why: string; forbidden: boolean; facts: Facts }
  /** It goes on from where it was once somebody has signed in. */
  | { is: "signed-out"; failure: SignedOut }
  | { is: "off" };

/** What one attempt may report while it lasts. */
export interface Attempt {
  signal: AbortSignal;
  /** The server speaks; only the first call of an attempt counts. */
  onLive(): void;
  onRetry(milliseconds: number): void;
}

export interface Kept {
  /** Connects now instead of when the wait is over. */
  now(): void;
  stop(): void;
}

/** A stream that lasted this long worked: the next loss starts with short waits again. */
const WORKED = 5_000;

/** Attempts to connect again and again until stopped or refused, with growing waits in between. */
export function keepConnected(
  attempt: (attempt: Attempt) => Promise<unknown>,
  onChange: (connection: Connection) => void,
  random: () => number = Math.random,
): Kept {
  const stopped = new AbortController();
  let wake = () => {};

  async function run() {
    let failures = 0;
    let retry = DEFAULT_RETRY;
    while (!stopped.signal.aborted) {
      let liveSince: number | undefined;
      onChange({ is: "connecting" });
      const error = await attempt({
        signal: stopped.signal,
        onLive() {
          if (liveSince !== undefined) return;
          liveSince = Date.now();
          onChange({ is: "live" });
        },
        onRetry(milliseconds) {
          retry = milliseconds;
        },
      }).catch((error: unknown) => error);
      if (stopped.signal.aborted) return;
      const [why, facts] = [inWords(error), factsOf(error)];
      if (error instanceof SignedOut) return onChange({ is: "signed-out", failure: error });
      if (error instanceof Refused)
        return onChange({ is: "refused", why, forbidden: error instanceof Forbidden, facts });

      if (liveSince !== undefined && Date.now() - liveSince >= WORKED) failures = 0;
      const atLeast = error instanceof Lost ? error.atLeast : 0;
      const delay = delayBefore({ failures, retry, atLeast }, random);
      failures += 1;
      onChange({ is: "waiting", until: Date.now() + delay, why, facts });
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, delay);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  void run();
  return {
    now: () => wake(),
    stop() {
      stopped.abort();
      wake();
    },
  };
}
