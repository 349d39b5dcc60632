/** A hidden page gets no frames, and must not let what arrived pile up. */
const WHEN_HIDDEN = 500;

/** Calls back once before the next frame is drawn, or a little later where none is; returns how to cancel. */
export function onNextFrame(callback: () => void): () => void {
  const frame = requestAnimationFrame(run);
  const timer = setTimeout(run, WHEN_HIDDEN);

  function run() {
    cancel();
    callback();
  }
  function cancel() {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  }
  return cancel;
}
