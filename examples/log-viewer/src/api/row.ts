/** A log record as the server sends it, in pages and on streams alike. */
export interface Row {
  id: string;
  date: string;
  level: string;
  type: string;
  message: string;
  [field: string]: unknown;
}

/**
 * Reads a record leniently: a field that is missing or of another type is shown as text,
 * because a line that cannot be read is worth more on the page than off it.
 */
export function toRow(value: unknown): Row {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { id: "", date: "", level: "", type: "", message: text(value) };
  }
  const fields = value as Record<string, unknown>;
  return {
    ...fields,
    id: text(fields.id),
    date: text(fields.date),
    level: text(fields.level),
    type: text(fields.type),
    message: text(fields.message),
  };
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}
