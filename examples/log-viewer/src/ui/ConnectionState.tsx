import type { Feed, FeedState } from "../log/feed";
import { connectionWords } from "./connectionWords";
import { useSecondsUntil } from "./useSecondsUntil";

/** How the connection stands, and the switch for it. */
export function ConnectionState({ feed, state }: { feed: Feed; state: FeedState }) {
  const { connection } = state;
  const seconds = useSecondsUntil(connection.is === "waiting" ? connection.until : undefined);
  const { tone, words } = connectionWords(state, seconds);
  const connected = !["off", "refused", "signed-out"].includes(connection.is);
  return (
    <>
      <span className="state" data-tone={tone} data-state={connection.is}>
        <span className="state-dot" />
        <span className="state-words">{words}</span>
      </span>
      {/* Spoken once per change, without the countdown. */}
      <span className="hidden" role="status">
        {connectionWords(state).words}
      </span>
      <button
        type="button"
        className="button"
        onClick={() => (connected ? feed.disconnect() : feed.connect())}
      >
        {connected ? "Disconnect" : "Connect"}
      </button>
    </>
  );
}
