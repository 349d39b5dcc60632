import { type KeyboardEvent, useCallback } from "react";
import type { Shown } from "../log/lines";
import type { Follow } from "./useFollow";

/** Moves through the lines with the keyboard: arrows, Enter for the whole record, End for the tail. */
export function useLineKeys(options: {
  shown: Shown;
  active: number | undefined;
  follow: Follow;
  lastInView: number;
  activate(key: number | undefined): void;
  toggle(key: number): void;
  reveal(index: number): void;
}): (event: KeyboardEvent) => void {
  const { shown, active, follow, lastInView, activate, toggle, reveal } = options;

  return useCallback(
    (event) => {
      if (event.target !== event.currentTarget || event.altKey || event.ctrlKey || event.metaKey) return;
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (step !== undefined && shown.count > 0) {
        const from = active === undefined ? lastInView + (step < 0 ? 1 : 0) : active - shown.first;
        const index = Math.min(Math.max(from + step, 0), shown.count - 1);
        follow.pause();
        activate(shown.first + index);
        reveal(index);
      } else if (event.key === "Enter" && active !== undefined) {
        toggle(active);
      } else if (event.key === "Escape") {
        activate(undefined);
        return;
      } else if (event.key === "End") {
        activate(undefined);
        follow.resume();
      } else {
        if (event.key === "PageUp" || event.key === "Home") follow.pause();
        return;
      }
      event.preventDefault();
    },
    [shown, active, follow, lastInView, activate, toggle, reveal],
  );
}
