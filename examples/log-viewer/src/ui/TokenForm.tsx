import { type FormEvent, useEffect, useRef, useState } from "react";
import { type Facts, factsOf, inWords, Lost } from "../api/failure";
import type { Session } from "../session/session";
import { RequestId } from "./RequestId";
import { useSecondsUntil } from "./useSecondsUntil";

interface Failed {
  words: string;
  facts: Facts;
  /** When another try may help. */
  until: number | undefined;
}

/** Signs in with a token. It is in the field and in one request, and nowhere else. */
export function TokenForm({ session, focused }: { session: Session; focused: boolean }) {
  const field = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<Failed | null>(null);
  const seconds = useSecondsUntil(failed?.until) ?? 0;

  useEffect(() => {
    if (focused) field.current?.focus();
  }, [focused]);

  async function send(event: FormEvent) {
    event.preventDefault();
    const token = field.current?.value.trim() ?? "";
    if (token === "" || busy || seconds > 0) return;
    setBusy(true);
    setFailed(null);
    try {
      await session.signIn(token);
    } catch (error) {
      const wait = error instanceof Lost ? error.atLeast : 0;
      const until = wait > 0 ? Date.now() + wait : undefined;
      setFailed({ words: inWords(error), facts: factsOf(error), until });
      field.current?.select();
    }
    setBusy(false);
  }

  return (
    <form className="sign-in-form" onSubmit={send}>
      <label>
        Token
        <input
          ref={field}
          className="sign-in-token"
          type="password"
          autoComplete="current-password"
          autoCapitalize="off"
          spellCheck={false}
          required
        />
      </label>
      <button type="submit" className="button sign-in-send" disabled={busy || seconds > 0}>
        {seconds > 0 ? `Try again in ${seconds} s` : "Sign in"}
      </button>
      <div role="alert" className="sign-in-failed">
        {failed !== null && (
          <>
            <p>{failed.words}</p>
            <RequestId facts={failed.facts} />
          </>
        )}
      </div>
      <p className="sign-in-hint">
        Tokens are given out by whoever runs this server. This page does not keep yours.
      </p>
    </form>
  );
}
