/**
 * Calls `onSilence` once nothing was heard for `limit` milliseconds. Hearing something costs one read
 * of the clock: the timer is only armed again when it fires.
 */
export function watch(limit: number, onSilence: () => void): { heard(): void; stop(): void } {
  let last = Date.now();
  let timer = setTimeout(check, limit);

  function check() {
    const left = last + limit - Date.now();
    if (left > 0) timer = setTimeout(check, left);
    else onSilence();
  }

  return {
    heard() {
      last = Date.now();
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
