import { type ReactNode, useEffect, useMemo, useSyncExternalStore } from "react";
import { Feed } from "../log/feed";
import type { Search } from "../log/search";
import type { Session } from "../session/session";
import { tie } from "../session/tie";
import { ConnectionState } from "./ConnectionState";
import { Header } from "./Header";
import { LogView } from "./LogView";
import { NotAllowed } from "./NotAllowed";
import { Notices } from "./Notices";

/** One workflow's log, or what a search finds in it, for as long as it is the one chosen. */
export function Viewer(props: {
  session: Session;
  workspace: string;
  workflow: string;
  search: Search;
  wrap: boolean;
  picker: ReactNode;
  searchBar: ReactNode;
  settings: ReactNode;
  /** The way to sign in again, over the log, while that is needed. */
  signIn: ReactNode;
}) {
  const { session, workspace, workflow, search } = props;
  const feed = useMemo(() => new Feed(workspace, workflow, search), [workspace, workflow, search]);
  const state = useSyncExternalStore(feed.state.subscribe, feed.state.get);

  useEffect(() => {
    const untie = tie(feed, session);
    feed.connect();
    const now = () => feed.now();
    // What made the connection fail may be over; there is no reason to sit out the wait.
    addEventListener("online", now);
    return () => {
      removeEventListener("online", now);
      untie();
      feed.stop();
    };
  }, [feed, session]);

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
        <NotAllowed feed={feed} state={state} />
        <Notices feed={feed} state={state}>
          {props.signIn}
        </Notices>
      </LogView>
    </div>
  );
}
