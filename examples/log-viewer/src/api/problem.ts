import { type Facts, Forbidden, Lost, Refused, SignedOut } from "./failure";
import { linkOf, waysOf } from "./ways";

const WORDS: Record<number, string> = {
  400: "The server could not read the request.",
  401: "You are not signed in.",
  403: "You may not see this.",
  404: "The server has no such log.",
  429: "Too much was asked for at once.",
  500: "The server ran into an error.",
  502: "The server cannot be reached through its proxy.",
  503: "The server is not available right now.",
  504: "The server did not answer its proxy in time.",
};

/** Turns an answer other than 200 into the failure that it is, in its own words where it has some. */
export async function failureOf(response: Response): Promise<Refused | Lost> {
  const { status, headers } = response;
  const problem = await fieldsOf(response);
  const words = wordsOf(problem) ?? WORDS[status] ?? `The server answered with status ${status}.`;
  const facts = factsOf(problem, headers);
  if (status === 408 || status === 429 || status >= 500)
    return new Lost(words, retryAfter(headers.get("retry-after")), { facts });
  if (status === 401)
    return new SignedOut(words, waysOf(problem.sign_in), linkOf(problem.sign_in_url), facts);
  return status === 403 ? new Forbidden(words, facts) : new Refused(words, facts);
}

/** What a stream's last event says of why it is over. */
export function failureOfDenial({ reason, detail }: { reason: string; detail: string }): Refused | Lost {
  const say = (otherwise: string) => (detail === "" ? otherwise : sentence(detail));
  switch (reason) {
    case "expired":
      return new SignedOut(say("Your sign-in has expired."));
    case "revoked":
      return new SignedOut(say("Your sign-in was taken back."));
    case "unknown":
      return new SignedOut(say("You are not signed in any more."));
    case "unavailable":
      return new Lost(say("Whether you may see this log cannot be asked at the moment."));
    default:
      return new Forbidden(say("You may not see this log any more."));
  }
}

/** `Retry-After` in milliseconds: seconds, or a date; 0 where it says nothing. */
export function retryAfter(value: string | null, now = Date.now()): number {
  if (value === null) return 0;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const until = Date.parse(value);
  return Number.isNaN(until) ? 0 : Math.max(0, until - now);
}

async function fieldsOf(response: Response): Promise<Record<string, unknown>> {
  if (!/^application\/(problem\+)?json/i.test(response.headers.get("content-type") ?? "")) return {};
  try {
    const problem: unknown = await response.json();
    return typeof problem === "object" && problem !== null ? (problem as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function wordsOf({ title, detail, limit }: Record<string, unknown>): string | undefined {
  const parts = [title, detail].filter((part) => typeof part === "string" && part !== "");
  const words = parts.map((part) => sentence(String(part)));
  if (typeof limit === "string" && limit !== "") words.push(`The limit is “${limit.replaceAll("_", " ")}”.`);
  return words.length === 0 ? undefined : words.join(" ");
}

function factsOf({ request_id: named }: Record<string, unknown>, headers: Headers): Facts {
  const requestId = typeof named === "string" && named !== "" ? named : headers.get("x-request-id");
  return requestId === null ? {} : { requestId };
}

/** As a sentence, in which names of the configuration stand between quotes for readers. */
function sentence(text: string): string {
  const words = text.replaceAll(/`([^`]*)`/g, "“$1”");
  const first = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
