import { type ReactNode, useEffect, useState, useSyncExternalStore } from "react";
import { Feed } from "../log/feed";
import { ConnectionState } from "./ConnectionState";
import { Header } from "./Header";
import { LogView } from "./LogView";
import { Notices } from "./Notices";

/** One workflow's log, for as long as it is the one chosen. */
export function Viewer(props: {
  workspace: string;
  workflow: string;
  wrap: boolean;
  picker: ReactNode;
  settings: ReactNode;
}) {
  const [feed] = useState(() => new Feed(props.workspace, props.workflow));
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
        connection={<ConnectionState feed={feed} state={state} />}
        settings={props.settings}
      />
      <LogView feed={feed} loaded={state.loaded} wrap={props.wrap}>
        <Notices feed={feed} state={state} />
      </LogView>
    </div>
  );
}
