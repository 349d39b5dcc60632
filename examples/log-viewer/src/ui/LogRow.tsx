import { memo } from "react";
import type { Line } from "../log/lines";
import { localTime } from "../log/time";
import { preview } from "./preview";
import { Record } from "./Record";

/** The element id of a line, for `aria-activedescendant`. */
export function lineId(key: number): string {
  return `line-${key}`;
}

/** Finds what is to be marked in a message. */
export type Marks = ((message: string) => RegExpMatchArray[]) | null;

/** One line: when, how grave, of what type, and its message; a click shows the whole record. */
export const LogRow = memo(function LogRow(props: {
  lineKey: number;
  index: number;
  line: Line;
  expanded: boolean;
  active: boolean;
  marks: Marks;
  measure(node: Element | null): void;
  onToggle(key: number): void;
}) {
  const { lineKey, index, expanded } = props;
  const { row, late } = props.line;
  const time = localTime(row.date);
  const { text, left } = expanded ? { text: row.message, left: "" } : preview(row.message);
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus and names its active row
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid handles the keys for its active row
    // biome-ignore lint/a11y/useSemanticElements: a table could not leave out the rows that are out of view
    <div
      id={lineId(lineKey)}
      ref={props.measure}
      className="row"
      role="row"
      aria-rowindex={index + 1}
      aria-expanded={expanded}
      data-index={index}
      data-id={row.id}
      data-level={row.level.toUpperCase()}
      data-late={late}
      data-active={props.active || undefined}
      onClick={() => getSelection()?.isCollapsed !== false && props.onToggle(lineKey)}
    >
      {/* biome-ignore-start lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above */}
      <span className="row-time" role="gridcell" title={row.date}>
        {time && <span className="row-day">{time.day} </span>}
        {time?.time ?? row.date}
      </span>
      <span className="row-level" role="gridcell">
        {row.level}
      </span>
      <span className="row-type" role="gridcell" title={row.type}>
        {row.type}
      </span>
      <span className="row-message" role="gridcell">
        {late && <em>late </em>}
        {props.marks === null ? text : marked(text, props.marks)}
        {left !== "" && <span className="row-left"> … {left}</span>}
      </span>
      {expanded && <Record row={row} />}
      {/* biome-ignore-end lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above */}
    </div>
  );
});

function marked(text: string, marks: NonNullable<Marks>) {
  const parts: (string | React.JSX.Element)[] = [];
  let from = 0;
  for (const match of marks(text)) {
    parts.push(text.slice(from, match.index));
    parts.push(<mark key={match.index}>{match[0]}</mark>);
    from = (match.index ?? 0) + match[0].length;
  }
  parts.push(text.slice(from));
  return parts;
}
