import { ask } from "./ask";
import { Lost } from "./failure";
import { failureOf } from "./problem";
import { type Row, toRow } from "./row";

/** A page of history: newest first, with the live position of the snapshot it was read at. */
export interface Page {
  rows: Row[];
  next: string | null;
  position: string;
  /** The date up to which was looked, where a search stopped before the page was full; empty if unknown. */
  reached: string | undefined;
}

/** Beside the page, wherever that lies: what is fetched is relative to the page's address. */
const WORKSPACES = "wfm/workflow/workspace";

/** How many names are asked for at once. */
const LISTED = 10_000;

/** The address of a workflow's log; `/stream` after it is the same log, live. */
export function logsUrl(workspace: string, workflow: string): string {
  return `${WORKSPACES}/${encodeURIComponent(workspace)}/workflow/${encodeURIComponent(workflow)}/logs`;
}

export function listWorkspaces(signal: AbortSignal): Promise<string[]> {
  return listAll(WORKSPACES, "workspaces", signal);
}

export function listWorkflows(workspace: string, signal: AbortSignal): Promise<string[]> {
  return listAll(`${WORKSPACES}/${encodeURIComponent(workspace)}/workflow`, "workflows", signal);
}

/** Reads a list to its end, page by page. */
async function listAll(
  url: string,
  field: "workspaces" | "workflows",
  signal: AbortSignal,
): Promise<string[]> {
  const names: string[] = [];
  let next: string | null = null;
  do {
    const query = new URLSearchParams({ limit: String(LISTED) });
    if (next !== null) query.set("after", next);
    const page = (await getJson(`${url}?${query}`, signal)) as {
      [name in typeof field]: string[];
    } & { next: string | null };
    names.push(...page[field]);
    next = page.next;
  } while (next !== null);
  return names;
}

/** Reads one page of what `search` finds at `url`, from the newest on, or from `cursor` on to older ones. */
export async function readPage(
  url: string,
  options: { search?: Record<string, string>; cursor?: string | null; limit?: number },
  signal: AbortSignal,
): Promise<Page> {
  const query = new URLSearchParams(options.search);
  if (options.limit !== undefined) query.set("limit", String(options.limit));
  if (options.cursor) query.set("cursor", options.cursor);
  const body = (await getJson(query.size > 0 ? `${url}?${query}` : url, signal)) as {
    logs: unknown[];
    next: string | null;
    stream_position: string;
    incomplete?: { reached: string | null };
  };
  const reached = body.incomplete && (body.incomplete.reached ?? "");
  return { rows: body.logs.map(toRow), next: body.next, position: body.stream_position, reached };
}

async function getJson(url: string, signal: AbortSignal): Promise<unknown> {
  const response = await ask(url, { headers: new Headers({ accept: "application/json" }), signal });
  if (response.status !== 200) throw await failureOf(response);
  try {
    return await response.json();
  } catch (error) {
    signal.throwIfAborted();
    throw new Lost("The server's answer was cut off or is not JSON.", 0, { cause: error });
  }
}
