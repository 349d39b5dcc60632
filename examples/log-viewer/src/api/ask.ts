import { answeredElsewhere, Lost } from "./failure";

let bearer: (() => string | null) | undefined;

/**
 * Requests carry this token from now on, for hosts that build the page in and have one. It is asked for
 * before each request, so it may be renewed. Without it, or while it is null, the cookie of the session counts.
 */
export function askWith(token: (() => string | null) | undefined): void {
  bearer = token;
}

/** Asks the server. What is not its own answer is a failure: a redirect is one, since the server sends none. */
export async function ask(
  url: string,
  {
    signal,
    ...init
  }: Omit<RequestInit, "headers" | "signal"> & {
    headers: Headers;
    signal: AbortSignal;
  },
): Promise<Response> {
  const token = bearer?.() ?? null;
  if (token !== null) init.headers.set("authorization", `Bearer ${token}`);
  const response = await fetch(url, {
    ...init,
    signal,
    cache: "no-store",
    credentials: "same-origin",
    redirect: "manual",
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new Lost("The server cannot be reached.", 0, { cause: error });
  });
  if (response.type === "opaqueredirect") throw answeredElsewhere();
  // Sign-in pages come with 200 too. No answer of the server that this page asks for is HTML.
  if (response.ok && /^text\/html\s*(;|$)/i.test(response.headers.get("content-type") ?? ""))
    throw answeredElsewhere();
  return response;
}
