import { useEffect, useState } from "react";

/** The whole seconds left until a time, counting down; undefined without one. */
export function useSecondsUntil(until: number | undefined): number | undefined {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (until === undefined) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [until]);
  // `now` is as old as the last tick: a wait that has just begun must not look longer than it is.
  return until === undefined ? undefined : Math.max(0, Math.ceil((until - Math.max(now, Date.now())) / 1000));
}
