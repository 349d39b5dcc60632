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
  const search = `?${new URLSearchParams({ ...selection })}`;
  if (search !== location.search) {
    if (how === "push") history.pushState(null, "", search);
    else history.replaceState(null, "", search);
  }
  remember({ ...selection });
}
