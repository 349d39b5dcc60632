import { HELD, type Shown } from "../log/lines";
import type { OlderState } from "../log/older";
import { reachedInWords } from "./NothingFound";

/** The height of what stands above the first line; it never changes, so that nothing below moves. */
export const TOP_EDGE = 44;

/** Says what is before the first line shown, and loads it where that did not happen by itself. */
export function TopEdge(props: { state: OlderState; shown: Shown; onLoad(): void }) {
  const { state, shown } = props;
  if (shown.count === 0) return null;
  return (
    <div className="edge" style={{ height: TOP_EDGE }}>
      {words()}
    </div>
  );

  function words() {
    if (shown.letGo > 0 || (shown.count >= HELD && state.is !== "none")) {
      return `This page holds ${HELD.toLocaleString("en")} lines. Older ones are in the store.`;
    }
    switch (state.is) {
      case "loading":
        return "Loading older lines …";
      case "none":
        return "This is where the log begins.";
      case "failed":
        return (
          <>
            {state.why}{" "}
            <button type="button" className="notice-act" onClick={props.onLoad}>
              Try again
            </button>
          </>
        );
      case "more":
        return (
          <>
            {state.reached !== undefined && `${reachedInWords(state.reached)} `}
            <button type="button" className="notice-act" onClick={props.onLoad}>
              {state.reached === undefined ? "Load older lines" : "Look further back"}
            </button>
          </>
        );
      case "unknown":
        return null;
    }
  }
}
