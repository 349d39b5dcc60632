import { useRef } from "react";
import type { Caller } from "../api/session";
import { localTime } from "../log/time";
import { Icon } from "./Icon";

/** Who is signed in, and the way out. */
export function UserMenu({ caller, onSignOut }: { caller: Caller; onSignOut(): void }) {
  const menu = useRef<HTMLDetailsElement>(null);
  const { user, knownBy, expires } = caller;
  const until = expires === null ? undefined : localTime(expires);

  function close() {
    if (menu.current !== null) menu.current.open = false;
  }

  return (
    <details
      ref={menu}
      className="user"
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && close()}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        close();
        menu.current?.querySelector("summary")?.focus();
      }}
    >
      <summary className="tool" title={`Signed in as ${user}`}>
        <Icon name="user" />
        <span className="user-name">{user}</span>
      </summary>
      {/* It takes the focus when it is clicked, so that the menu stays open. */}
      <div className="user-card" tabIndex={-1}>
        <p>
          Signed in as <strong>{user}</strong>
        </p>
        {until !== undefined && (
          <p className="user-until">
            Until {until.day} {until.time.slice(0, 5)}
          </p>
        )}
        {knownBy === "session" && (
          <button type="button" className="button" onClick={onSignOut}>
            Sign out
          </button>
        )}
        {knownBy === "forward" && <p>You sign out at the service that has signed you in.</p>}
      </div>
    </details>
  );
}
