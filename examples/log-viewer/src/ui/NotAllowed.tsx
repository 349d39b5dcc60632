import type { Feed, FeedState } from "../log/feed";
import { RequestId } from "./RequestId";

/** Whether there is nothing to show because whoever asks may not see it. */
export function isNotAllowed({ connection, loaded }: FeedState): boolean {
  return connection.is === "refused" && connection.forbidden && !loaded;
}

/** Stands where lines would, for whom they are not. */
export function NotAllowed({ feed, state }: { feed: Feed; state: FeedState }) {
  const { connection } = state;
  if (connection.is !== "refused" || !isNotAllowed(state)) return null;
  return (
    <div className="empty">
      <div role="status">
        <h1>You may not see this log</h1>
        <p>{connection.why} What you may see can be chosen at the top.</p>
      </div>
      <button type="button" className="notice-act" onClick={() => feed.connect()}>
        Try again
      </button>
      <RequestId facts={connection.facts} />
    </div>
  );
}
