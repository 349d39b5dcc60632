import { useCallback, useEffect, useState } from "react";
import { inWords } from "../api/failure";
import { listWorkflows, listWorkspaces } from "../api/rest";
import { keepSelection, type Selection, selectionFrom } from "./address";

/** What can be chosen, and what is. */
export interface Catalogue {
  selection: Selection;
  workspaces: string[];
  workflows: string[];
  /** Why the lists could not be loaded, while that is so. */
  trouble: string | null;
  choose(selection: Selection): void;
  /** Asks the server for the lists again: workflows come and go. */
  refresh(): void;
}

const RETRY = 3_000;

/** Keeps the lists of workspaces and workflows, and a selection that the address shows. */
export function useCatalogue(): Catalogue {
  const [selection, setSelection] = useState(() => selectionFrom(location.search));
  const [workspaces, setWorkspaces] = useState<string[]>([]);
  const [workflows, setWorkflows] = useState<string[]>([]);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [round, setRound] = useState(0);
  const refresh = useCallback(() => setRound((round) => round + 1), []);

  const choose = useCallback((selection: Selection) => {
    keepSelection(selection, "push");
    setSelection(selection);
  }, []);

  useEffect(() => {
    const onBack = () => setSelection(selectionFrom(location.search));
    addEventListener("popstate", onBack);
    return () => removeEventListener("popstate", onBack);
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round is a reason to ask again
  useEffect(() => {
    const loading = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;

    async function load() {
      const workspaces = await listWorkspaces(loading.signal);
      const workspace = selection.workspace || (workspaces[0] ?? "");
      const workflows = workspace === "" ? [] : await listWorkflows(workspace, loading.signal);
      const workflow = selection.workflow || (workflows[0] ?? "");
      setWorkspaces(workspaces);
      setWorkflows(workflows);
      setTrouble(null);
      if (workflow === "") {
        timer = setTimeout(refresh, RETRY);
      } else {
        keepSelection({ workspace, workflow }, "replace");
        if (workflow !== selection.workflow) setSelection({ workspace, workflow });
      }
    }

    load().catch((error: unknown) => {
      if (loading.signal.aborted) return;
      setTrouble(inWords(error));
      timer = setTimeout(refresh, RETRY);
    });
    return () => {
      loading.abort();
      clearTimeout(timer);
    };
  }, [selection, round, refresh]);

  return { selection, workspaces, workflows, trouble, choose, refresh };
}
