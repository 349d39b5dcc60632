import type { EventSourceMessage } from "eventsource-parser";
import { type Row, toRow } from "../api/row";

/** What a message of the stream means. */
export type LogEvent =
  | { is: "start"; resumed: boolean; reset: string | null; heartbeat: number | null }
  | { is: "row"; row: Row }
  | { is: "late"; row: Row }
  | { is: "gap"; late: number }
  | { is: "sync" }
  | { is: "reset"; reason: string }
  | { is: "status"; source: string; message: string }
  | { is: "drain" }
  | { is: "denied"; reason: string; detail: string }
  | { is: "unknown" };

/** Reads a message by its type; types that this page does not know are left alone, for servers to come. */
export function toLogEvent(message: EventSourceMessage): LogEvent {
  switch (message.event || "message") {
    case "message":
      return { is: "row", row: toRow(json(message.data) ?? message.data) };
    case "start": {
      const { resumed, reset, heartbeat_ms: heartbeat } = fields(message);
      return {
        is: "start",
        resumed: resumed === true,
        reset: typeof reset === "string" ? reset : null,
        heartbeat: typeof heartbeat === "number" && heartbeat > 0 ? heartbeat : null,
      };
    }
    case "late":
      return { is: "late", row: toRow(json(message.data) ?? message.data) };
    case "gap":
      return { is: "gap", late: Number(fields(message).late ?? 0) };
    case "sync":
      return { is: "sync" };
    case "reset":
      return { is: "reset", reason: String(fields(message).reason ?? "") };
    case "status": {
      const { source, message: words } = fields(message);
      return { is: "status", source: String(source ?? ""), message: String(words ?? "") };
    }
    case "drain":
      return { is: "drain" };
    case "denied": {
      const { reason, detail } = fields(message);
      return { is: "denied", reason: String(reason ?? ""), detail: String(detail ?? "") };
    }
    default:
      return { is: "unknown" };
  }
}

const REASONS: Record<string, string> = {
  bad_id: "the server does not know the position this page had reached",
  epoch: "the store was replaced or restored since",
  future: "the page had reached a position that this store has not reached yet",
  history_lost: "the store no longer keeps the lines that came after the position this page had reached",
};

/** Why a view had to begin anew, as a sentence. */
export function resetInWords(reason: string): string {
  const why = REASONS[reason] ?? (reason === "" ? "the server asked for it" : `the server says “${reason}”`);
  return `The view began anew, because ${why}. What is shown is the history as it is now.`;
}

/** What it means that lines came late, as a sentence. */
export function gapInWords(late: number): string {
  const [lines, stand] =
    late === 1 ? ["1 line", "It stands"] : [`${late.toLocaleString("en")} lines`, "They stand"];
  return `${lines} reached the store later than the server waits for. ${stand} by date, marked “late”.`;
}

function fields(message: EventSourceMessage): Record<string, unknown> {
  const value = json(message.data);
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
