import { type ReactNode, useEffect, useMemo, useSyncExternalStore } from "react";
import { Feed } from "../log/feed";
import type { Search } from "../log/search";
import { ConnectionState } from "./ConnectionState";
import { Header } from "./Header";
import { LogView } from "./LogView";
import { Notices } from "./Notices";

/** One workflow's log, or what a search finds in it, for as long as it is the one chosen. */
export function Viewer(props: {
  workspace: string;
  workflow: string;
  search: Search;
  wrap: boolean;
  picker: ReactNode;
  searchBar: ReactNode;
  settings: ReactNode;
}) {
  const { workspace, workflow, search } = props;
  const feed = useMemo(() => new Feed(workspace, workflow, search), [workspace, workflow, search]);
  const state = useSyncExternalStore(feed.state.subscribe, feed.state.get);

  useEffect(() => {
    feed.connect();
    const now = () => feed.now();
    // What made the connection fail may be over; there is no reason to sit out the wait.
    addEventListener("online", now);
    return () => {
      removeEventListener("online", now);
      feed.stop();
    };
  }, [feed]);

  return (
    <div className="page">
      <Header
        picker={props.picker}
        searchBar={props.searchBar}
        connection={<ConnectionState feed={feed} state={state} />}
        settings={props.settings}
      />
      <LogView
        key={JSON.stringify(search)}
        feed={feed}
        search={search}
        loaded={state.loaded}
        wrap={props.wrap}
      >
        <Notices feed={feed} state={state} />
      </LogView>
    </div>
  );
}
