import { useId } from "react";
import type { Session } from "../session/session";
import type { Out } from "../session/standing";
import { RequestId } from "./RequestId";
import { SignInElsewhere } from "./SignInElsewhere";
import { TokenForm } from "./TokenForm";

/** The ways to sign in: over a log that is kept for who was signed in, or alone. */
export function SignIn({ session, out }: { session: Session; out: Out }) {
  const title = useId();
  const { ways, why, kept } = out;
  const over = kept !== null;
  const elsewhere = ways.includes("forward") || ways.includes("proxy");
  const byToken = !elsewhere || ways.includes("token") || ways.includes("jwt");
  return (
    <section className="sign-in" data-over={over} aria-labelledby={title}>
      <div role="status">
        <h1 id={title}>{over ? "Sign in to go on" : "Sign in to see the logs"}</h1>
        {why !== null && <p>{why}</p>}
        {over && <p>The lines stay, and go on from where they are.</p>}
      </div>
      <RequestId facts={out.facts} />
      {out.unfinished && (
        <button type="button" className="button" onClick={() => void session.signOut()}>
          End the session
        </button>
      )}
      {byToken && <TokenForm session={session} focused={!over} />}
      {elsewhere && <SignInElsewhere session={session} out={out} />}
    </section>
  );
}
