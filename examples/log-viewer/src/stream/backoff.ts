/** The reconnection time until the server names one with `retry:`. */
export const DEFAULT_RETRY = 1_000;

const STEP = 1_000;
const CAP = 30_000;
/** A longer delay makes `setTimeout` fire at once. */
const LONGEST = 2 ** 31 - 1;

/**
 * How long to wait before connecting again, in milliseconds: the reconnection time, as the standard
 * asks, or longer where an answer asked for more; then a random share (full jitter) of a bound that
 * doubles with each attempt that failed, so that a server that comes back is not stormed.
 */
export function delayBefore(
  attempt: { failures: number; retry: number; atLeast: number },
  random: () => number = Math.random,
): number {
  const bound = Math.min(CAP, STEP * 2 ** attempt.failures);
  return Math.min(LONGEST, Math.max(attempt.retry, attempt.atLeast) + random() * bound);
}
