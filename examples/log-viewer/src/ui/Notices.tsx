import type { ReactNode } from "react";
import type { Feed, FeedState } from "../log/feed";
import type { Tone } from "./connectionWords";
import { Icon } from "./Icon";
import { isNotAllowed } from "./NotAllowed";
import { RequestId } from "./RequestId";

/** What people should know, in words, for as long as it is so. It lies over the lines and never moves them. */
export function Notices({ feed, state, children }: { feed: Feed; state: FeedState; children: ReactNode }) {
  const { connection, storeTrouble, draining, notice } = state;
  const now = <Act onClick={() => feed.now()}>Reconnect now</Act>;
  return (
    <div className="notices">
      {children}
      {draining && connection.is !== "off" && (
        <Notice tone="warning">
          The server is shutting down. This page connects again by itself.
          {connection.is === "waiting" && now}
        </Notice>
      )}
      {connection.is === "waiting" && !draining && (
        <Notice tone="warning">
          {connection.why} {now} <RequestId facts={connection.facts} />
        </Notice>
      )}
      {storeTrouble !== null && (
        <Notice tone="warning">
          {storeTrouble || "The server cannot reach its store. New lines come when it can."}
        </Notice>
      )}
      {connection.is === "refused" && !isNotAllowed(state) && (
        <Notice tone="bad">
          {connection.why} <Act onClick={() => feed.connect()}>Try again</Act>{" "}
          <RequestId facts={connection.facts} />
        </Notice>
      )}
      {notice !== null && (
        <Notice tone="busy">
          {notice}
          <button
            type="button"
            className="notice-close"
            aria-label="Dismiss"
            onClick={() => feed.dismissNotice()}
          >
            <Icon name="close" />
          </button>
        </Notice>
      )}
    </div>
  );
}

function Notice({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <p className="notice" data-tone={tone} role="status">
      {children}
    </p>
  );
}

function Act({ onClick, children }: { onClick(): void; children: ReactNode }) {
  return (
    <button type="button" className="notice-act" onClick={onClick}>
      {children}
    </button>
  );
}
