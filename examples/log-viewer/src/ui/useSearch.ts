import { useCallback, useEffect, useState } from "react";
import type { Search } from "../log/search";
import { keepSearch, searchFrom } from "./address";

/** What is looked for, which the address shows. `visit` counts the ways back to another address. */
export function useSearch(): { search: Search; visit: number; change(search: Search): void } {
  const [{ search, visit }, set] = useState(() => ({ search: searchFrom(location.search), visit: 0 }));

  const change = useCallback((search: Search) => {
    keepSearch(search);
    set(({ visit }) => ({ search, visit }));
  }, []);

  useEffect(() => {
    const onBack = () => set(({ visit }) => ({ search: searchFrom(location.search), visit: visit + 1 }));
    addEventListener("popstate", onBack);
    return () => removeEventListener("popstate", onBack);
  }, []);

  return { search, visit, change };
}
