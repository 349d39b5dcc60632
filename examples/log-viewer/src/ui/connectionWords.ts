import type { FeedState } from "../log/feed";

/** How a connection looks: it decides the colour, and whether there is cause for concern. */
export type Tone = "good" | "busy" | "warning" | "bad" | "off";

/** The state of a connection in a few words; `seconds` is what is left of a wait. */
export function connectionWords(state: FeedState, seconds?: number): { tone: Tone; words: string } {
  const { connection } = state;
  switch (connection.is) {
    case "off":
      return { tone: "off", words: "Disconnected" };
    case "refused":
      return { tone: "bad", words: "Not connected" };
    case "signed-out":
      return { tone: "warning", words: "Not signed in" };
    case "waiting":
      return {
        tone: "warning",
        words: seconds === undefined ? "Reconnecting" : `Reconnecting in ${seconds} s`,
      };
    case "connecting":
      return { tone: "busy", words: "Connecting" };
    case "live":
      if (state.draining) return { tone: "warning", words: "Server shutting down" };
      if (state.storeTrouble !== null) return { tone: "warning", words: "Store unavailable" };
      return { tone: "good", words: "Live" };
  }
}
