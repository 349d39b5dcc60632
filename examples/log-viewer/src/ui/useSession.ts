import { useEffect, useMemo, useSyncExternalStore } from "react";
import { Session } from "../session/session";
import type { Standing } from "../session/standing";

/** Who is using the page, kept up to date while it is open. */
export function useSession(): [Session, Standing] {
  const session = useMemo(() => new Session(location.href), []);
  const standing = useSyncExternalStore(session.state.subscribe, session.state.get);

  useEffect(() => {
    const stop = session.start();
    const back = () => {
      if (document.visibilityState === "visible") session.returned();
    };
    addEventListener("focus", back);
    document.addEventListener("visibilitychange", back);
    return () => {
      removeEventListener("focus", back);
      document.removeEventListener("visibilitychange", back);
      stop();
    };
  }, [session]);

  return [session, standing];
}
