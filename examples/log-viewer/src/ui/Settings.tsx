import type { ReactNode } from "react";
import { Icon } from "./Icon";
import type { Theme } from "./remember";
import type { Preferences } from "./usePreferences";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const ICON = { system: "system", light: "sun", dark: "moon" } as const;

/** Switches that change how the page looks, and what else is about whoever uses it. */
export function Settings(props: {
  preferences: Preferences;
  onChange(change: Partial<Preferences>): void;
  children?: ReactNode;
}) {
  const { wrap, theme } = props.preferences;
  return (
    <div className="settings">
      <button
        type="button"
        className="tool"
        aria-pressed={wrap}
        aria-label="Wrap long lines"
        title={wrap ? "Long lines are wrapped" : "Long lines are not wrapped"}
        onClick={() => props.onChange({ wrap: !wrap })}
      >
        <Icon name="wrap" />
      </button>
      <button
        type="button"
        className="tool"
        aria-label={`Theme: ${theme}. Change to ${NEXT[theme]}.`}
        title={`Theme: ${theme}`}
        onClick={() => props.onChange({ theme: NEXT[theme] })}
      >
        <Icon name={ICON[theme]} />
      </button>
      {props.children}
    </div>
  );
}
