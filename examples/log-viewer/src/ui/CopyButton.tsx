import { type MouseEvent, useState } from "react";
import { Icon } from "./Icon";

/** Copies a text. Browsers offer the clipboard only to pages that came over a safe connection. */
export function CopyButton({ text, className, label }: { text: string; className: string; label?: string }) {
  const [done, setDone] = useState(false);
  async function copy(event: MouseEvent) {
    event.stopPropagation();
    await navigator.clipboard.writeText(text);
    setDone(true);
  }
  if (!globalThis.isSecureContext) return null;
  return (
    <button
      type="button"
      className={className}
      aria-label={label}
      onClick={copy}
      onBlur={() => setDone(false)}
    >
      <Icon name="copy" /> {done ? "Copied" : "Copy"}
    </button>
  );
}
