/** How many lines of text of a message are shown until its record is opened. */
export const PREVIEW_LINES = 20;

const PREVIEW_LENGTH = 4_000;

/** The beginning of a long message, and what was left out, in words. */
export function preview(message: string): { text: string; left: string } {
  const lines = message.split("\n", PREVIEW_LINES + 1);
  if (lines.length <= PREVIEW_LINES && message.length <= PREVIEW_LENGTH) return { text: message, left: "" };
  const text = lines
    .slice(0, PREVIEW_LINES - 1)
    .join("\n")
    .slice(0, PREVIEW_LENGTH);
  const rest = message.length - text.length;
  return { text, left: `${rest.toLocaleString("en")} more characters` };
}
