import { useCallback, useEffect, useState } from "react";
import { type Facts, Forbidden, factsOf, inWords, Lost, Refused, SignedOut } from "../api/failure";
import { listWorkflows, listWorkspaces } from "../api/rest";
import type { Session } from "../session/session";
import { keepSelection, type Selection, selectionFrom } from "./address";

/** What can be chosen, and what is. */
export interface Catalogue {
  selection: Selection;
  workspaces: string[];
  workflows: string[];
  /** Why the lists could not be loaded, while that is so. */
  trouble: Trouble | null;
  choose(selection: Selection): void;
  /** Asks the server for the lists again: workflows come and go. */
  refresh(): void;
}

export interface Trouble {
  words: string;
  facts: Facts;
  forbidden: boolean;
  /** When the lists are asked for again, unless that is left to people. */
  until: number | null;
}

const RETRY = 3_000;

/** Keeps the lists of workspaces and workflows, and a selection that the address shows. */
export function useCatalogue(session: Session): Catalogue {
  const [selection, setSelection] = useState(() => selectionFrom(location.search));
  const [workspaces, setWorkspaces] = useState<string[]>([]);
  const [workflows, setWorkflows] = useState<string[]>([]);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
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

  // Whoever has signed in may be shown other lists than who had not.
  useEffect(
    () =>
      session.state.subscribe(() => {
        if (session.state.get().is === "in") refresh();
      }),
    [session, refresh],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round is a reason to ask again
  useEffect(() => {
    const loading = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;

    async function load() {
      const workspaces = await listWorkspaces(loading.signal);
      const workspace = selection.workspace || (workspaces[0] ?? "");
      setWorkspaces(workspaces);
      const workflows = workspace === "" ? [] : await listWorkflows(workspace, loading.signal);
      const workflow = selection.workflow || (workflows[0] ?? "");
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
      if (error instanceof SignedOut) session.lapse(error);
      const wait =
        error instanceof Refused ? null : Math.max(RETRY, error instanceof Lost ? error.atLeast : 0);
      if (wait !== null) timer = setTimeout(refresh, wait);
      setTrouble({
        words: inWords(error),
        facts: factsOf(error),
        forbidden: error instanceof Forbidden,
        until: wait === null ? null : Date.now() + wait,
      });
    });
    return () => {
      loading.abort();
      clearTimeout(timer);
    };
  }, [session, selection, round, refresh]);

  return { selection, workspaces, workflows, trouble, choose, refresh };
}
