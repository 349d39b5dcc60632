import { ask } from "./ask";
import { Lost } from "./failure";
import { failureOf } from "./problem";
import { type Way, waysOf } from "./ways";

/** Beside the page, wherever that lies. */
const SESSION = "session";

/** Who the server takes this page's requests to come from. */
export interface Caller {
  user: string;
  /** How the server knows: `session` is the cookie that this page can ask for and end. */
  knownBy: string;
  /** When that is over, if it is known. */
  expires: string | null;
  /** How one may sign in to this server. */
  ways: Way[];
}

/** Asks who is signed in; `null` where there is nothing to sign in to. */
export async function whoAsks(signal: AbortSignal): Promise<Caller | null> {
  const response = await ask(SESSION, { headers: new Headers({ accept: "application/json" }), signal });
  // A server that knows no sessions asks nobody who he is.
  if (response.status === 404 || response.status === 405) return null;
  if (response.status !== 200) throw await failureOf(response);
  const body = (await response.json().catch((error: unknown) => {
    signal.throwIfAborted();
    throw new Lost("The server's answer was cut off or is not JSON.", 0, { cause: error });
  })) as Record<string, unknown>;
  const { user, known_by: knownBy, expires, ways } = body;
  if (knownBy === undefined || knownBy === "anonymous") return null;
  return {
    user: String(user ?? ""),
    knownBy: String(knownBy),
    expires: typeof expires === "string" ? expires : null,
    ways: waysOf(ways),
  };
}

/** Signs in: the server takes the token and sets its cookie, which no script can read. */
export async function beginSession(token: string, signal: AbortSignal): Promise<void> {
  const headers = new Headers({ accept: "application/json", "content-type": "application/json" });
  const response = await ask(SESSION, { method: "POST", headers, body: JSON.stringify({ token }), signal });
  if (!response.ok) throw await failureOf(response);
}

/** Signs out: the server ends the session and every stream of it. */
export async function endSession(signal: AbortSignal): Promise<void> {
  const response = await ask(SESSION, {
    method: "DELETE",
    headers: new Headers({ accept: "application/json" }),
    signal,
  });
  // What is not there any more has ended.
  if (!response.ok && response.status !== 401) throw await failureOf(response);
}
