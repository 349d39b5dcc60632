import { useCallback, useState } from "react";

/** Which lines show their whole record, by key. */
export function useExpanded(): [ReadonlySet<number>, (key: number) => void] {
  const [expanded, setExpanded] = useState<ReadonlySet<number>>(new Set());
  const toggle = useCallback((key: number) => {
    setExpanded((before) => {
      const after = new Set(before);
      if (!after.delete(key)) after.add(key);
      return after;
    });
  }, []);
  return [expanded, toggle];
}
