/**
 * Calls `onSilence` once nothing was heard for `limit()` milliseconds, which may change as the server
 * tells more of itself. Hearing something costs one read of the clock: the timer is only armed again
 * when it fires, or for another limit.
 */
export function watch(limit: () => number, onSilence: () => void): { heard(): void; stop(): void } {
  let last = Date.now();
  let armed = limit();
  let timer = setTimeout(check, armed);

  function check() {
    const left = last + limit() - Date.now();
    if (left > 0) timer = setTimeout(check, left);
    else onSilence();
  }

  return {
    heard() {
      last = Date.now();
      if (limit() === armed) return;
      armed = limit();
      clearTimeout(timer);
      timer = setTimeout(check, armed);
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
