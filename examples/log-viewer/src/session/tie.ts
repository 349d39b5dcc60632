import type { Feed } from "../log/feed";
import type { Session } from "./session";

/** A feed that ended for want of a sign-in goes on once there is one; returns how to untie them. */
export function tie(feed: Feed, session: Session): () => void {
  const ended = () => {
    const { connection } = feed.state.get();
    return connection.is === "signed-out" ? connection.failure : null;
  };
  const unlisten = feed.state.subscribe(() => {
    const failure = ended();
    if (failure !== null) session.lapse(failure);
  });
  const unwatch = session.state.subscribe(() => {
    const { is } = session.state.get();
    if ((is === "in" || is === "open") && ended() !== null) feed.connect();
  });
  return () => {
    unlisten();
    unwatch();
  };
}
