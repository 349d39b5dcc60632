import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";
import type { Shown } from "../log/lines";

/** Closer to the end than this, in pixels, is at the end. */
const NEAR = 24;

/** Whether the tail is followed, or reading holds the view where it is. */
export interface Follow {
  following: boolean;
  /** How many lines came since following was paused. */
  unseen: number;
  pause(): void;
  resume(): void;
  /** To be called on every scroll event. */
  onScroll(): void;
}

/** Follows the end until somebody scrolls up, and again when they come back to it. */
export function useFollow(scroller: RefObject<HTMLElement | null>, shown: Shown): Follow {
  const end = shown.first + shown.count + shown.missed;
  const [pausedAt, setPausedAt] = useState<number | null>(null);
  // A view that began anew has nothing that could be held.
  const following = pausedAt === null || shown.count === 0;
  const lastTop = useRef(0);

  useLayoutEffect(() => {
    if (shown.count === 0) setPausedAt(null);
  }, [shown.count]);

  const pause = useCallback(() => setPausedAt((before) => before ?? end), [end]);
  const resume = useCallback(() => setPausedAt(null), []);

  const onScroll = useCallback(() => {
    const element = scroller.current;
    if (element === null) return;
    const distance = element.scrollHeight - element.clientHeight - element.scrollTop;
    if (element.scrollTop < lastTop.current - 1 && distance > NEAR) pause();
    else if (element.scrollTop > lastTop.current && distance <= NEAR) resume();
    lastTop.current = element.scrollTop;
  }, [scroller, pause, resume]);

  return { following, unseen: pausedAt === null ? 0 : end - pausedAt, pause, resume, onScroll };
}

/** After every change of what is shown or of its size: whatever made it taller, the end stays in view. */
export function useEndInView(scroller: RefObject<HTMLElement | null>, following: boolean): void {
  useLayoutEffect(() => {
    const element = scroller.current;
    if (following && element !== null) element.scrollTop = element.scrollHeight;
  });
}
