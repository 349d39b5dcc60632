import { EVERYTHING, LEVELS, type Search } from "../log/search";
import { recall, remember } from "./remember";

/** Which log is shown. Empty where nothing was chosen. */
export interface Selection {
  workspace: string;
  workflow: string;
}

/** The log that the page's address names, or else the one shown last. */
export function selectionFrom(search: string): Selection {
  const query = new URLSearchParams(search);
  const named = query.get("workspace");
  if (named !== null) return { workspace: named, workflow: query.get("workflow") ?? "" };
  const { workspace, workflow } = recall();
  return { workspace, workflow };
}

/** Puts a selection into the address, so that a link opens it, and into memory. */
export function keepSelection(selection: Selection, how: "push" | "replace"): void {
  const query = new URLSearchParams(location.search);
  query.set("workspace", selection.workspace);
  query.set("workflow", selection.workflow);
  keep(query, how);
  remember({ ...selection });
}

/** What the page's address says is looked for. */
export function searchFrom(address: string): Search {
  const query = new URLSearchParams(address);
  const pattern = query.get("regex");
  const least = query.get("level") ?? "";
  return {
    text: pattern ?? query.get("q") ?? "",
    pattern: pattern !== null,
    least: LEVELS.includes(least) ? least : EVERYTHING.least,
  };
}

/** Puts a search into the address, so that a link finds the same. */
export function keepSearch({ text, pattern, least }: Search): void {
  const query = new URLSearchParams(location.search);
  for (const name of ["q", "regex", "level"]) query.delete(name);
  if (text !== "" || pattern) query.set(pattern ? "regex" : "q", text);
  if (least !== "") query.set("level", least);
  keep(query, "replace");
}

function keep(query: URLSearchParams, how: "push" | "replace"): void {
  const address = `?${query}`;
  if (address === location.search) return;
  if (how === "push") history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}
