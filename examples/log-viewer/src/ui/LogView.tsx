import { type ReactNode, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import type { Feed } from "../log/feed";
import { marker, type Search } from "../log/search";
import { FollowButton, PausedButton } from "./FollowButtons";
import { LogList } from "./LogList";
import { NothingFound } from "./NothingFound";
import { useFollow } from "./useFollow";

/** The lines, what lies over them, and the bar that counts them. */
export function LogView(props: {
  feed: Feed;
  search: Search;
  loaded: boolean;
  wrap: boolean;
  children: ReactNode;
}) {
  const { lines } = props.feed;
  const { text, least } = props.search;
  const searching = text !== "" || least !== "";
  const marks = useMemo(() => marker(props.search), [props.search]);
  const shown = useSyncExternalStore(lines.subscribe, lines.shown);
  const scroller = useRef<HTMLDivElement>(null);
  const follow = useFollow(scroller, shown);

  useEffect(() => {
    // The lines between what was held and the newest ones are only in the store.
    if (follow.following && shown.missed > 0) props.feed.restart();
  }, [follow.following, shown.missed, props.feed]);

  return (
    <>
      <main className="view">
        <LogList
          feed={props.feed}
          shown={shown}
          follow={follow}
          scroller={scroller}
          wrap={props.wrap}
          marks={marks}
        />
        {props.loaded && shown.count === 0 && searching && <NothingFound older={props.feed.older} />}
        {props.loaded && shown.count === 0 && !searching && (
          <div className="empty">
            <h1>No lines yet</h1>
            <p>Lines appear here as the workflow writes them.</p>
          </div>
        )}
        {props.children}
        {!follow.following && <PausedButton unseen={follow.unseen} onResume={follow.resume} />}
      </main>
      <footer className="foot">
        <span className="foot-count">
          {count(shown.count)}
          {shown.letGo > 0 && ` · ${count(shown.letGo, "older")} let go`}
          {shown.missed > 0 && ` · ${count(shown.missed, "newer")} not held`}
        </span>
        <FollowButton follow={follow} />
      </footer>
    </>
  );
}

function count(lines: number, what = ""): string {
  return `${lines.toLocaleString("en")} ${what}${what && " "}${lines === 1 ? "line" : "lines"}`;
}
