import { useState } from "react";
import type { Session } from "../session/session";
import type { Out } from "../session/standing";

/** Says where else to sign in, and looks whether that was done. The page also looks whenever one comes back. */
export function SignInElsewhere({ session, out }: { session: Session; out: Out }) {
  const [looked, setLooked] = useState(false);
  const proxy = out.ways.includes("proxy");
  // The proxy asks for a sign-in whoever opens the page.
  const link = proxy ? location.href : out.link;
  return (
    <>
      <p>
        {proxy
          ? "Open the page in another tab, sign in there, and come back to this one."
          : "Sign in at the service that these logs belong to, and come back to this page."}
      </p>
      <p className="sign-in-acts">
        {link !== undefined && (
          <a className="button sign-in-send" href={link} target="_blank" rel="noreferrer">
            {proxy ? "Open the page" : `Sign in at ${new URL(link).host}`}
          </a>
        )}
        <button
          type="button"
          className="button"
          onClick={() => void session.check().then(() => setLooked(true))}
        >
          I have signed in
        </button>
      </p>
      <p role="status">{looked && "The server does not know of a sign-in yet."}</p>
    </>
  );
}
