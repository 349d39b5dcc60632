import { useCallback, useState } from "react";
import { type Remembered, recall, remember, type Theme } from "./remember";

export type Preferences = Pick<Remembered, "wrap" | "theme">;

/** Shows a theme: the style sheet reads the attribute, and follows the system without one. */
export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** How the page is to look, remembered. */
export function usePreferences(): [Preferences, (change: Partial<Preferences>) => void] {
  const [preferences, setPreferences] = useState<Preferences>(recall);
  const change = useCallback((change: Partial<Preferences>) => {
    if (change.theme !== undefined) applyTheme(change.theme);
    remember(change);
    setPreferences((before) => ({ ...before, ...change }));
  }, []);
  return [preferences, change];
}
