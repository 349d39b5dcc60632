import { useSyncExternalStore } from "react";
import type { Older } from "../log/older";
import { localTime } from "../log/time";

/** Stands where lines would, while a search has found none. */
export function NothingFound({ older }: { older: Older }) {
  const state = useSyncExternalStore(older.state.subscribe, older.state.get);
  return (
    <div className="empty" role="status">
      <h1>No line found{state.is === "none" ? "" : " yet"}</h1>
      {state.is === "none" && (
        <p>The whole log was searched. Lines that fit appear here as they are written.</p>
      )}
      {state.is === "loading" && <p>Looking further back …</p>}
      {state.is === "failed" && <p>{state.why}</p>}
      {state.is === "more" && state.reached !== undefined && <p>{reachedInWords(state.reached)}</p>}
      {(state.is === "more" || state.is === "failed") && (
        <button type="button" className="notice-act" onClick={() => void older.load()}>
          Look further back
        </button>
      )}
    </div>
  );
}

/** How far a search has come that is not done. */
export function reachedInWords(reached: string): string {
  const time = localTime(reached);
  return time === undefined ? "Some of the log was searched." : `Searched back to ${time.day} ${time.time}.`;
}
