import type { Row } from "../api/row";
import { CopyButton } from "./CopyButton";

/** A whole record as JSON. */
export function Record({ row }: { row: Row }) {
  const text = JSON.stringify(row, null, 2);
  return (
    // biome-ignore lint/a11y/useSemanticElements: part of the grid
    // biome-ignore lint/a11y/useFocusableInteractive: part of the grid
    // biome-ignore lint/a11y/useKeyWithClickEvents: it only keeps clicks from closing the record
    <div className="record" role="gridcell" onClick={(event) => event.stopPropagation()}>
      <pre>{tokens(text)}</pre>
      <CopyButton text={text} className="record-copy" />
    </div>
  );
}

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

function tokens(text: string) {
  const parts: (string | React.JSX.Element)[] = [];
  let from = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, quoted, colon] = match;
    parts.push(text.slice(from, match.index));
    const kind = colon !== undefined ? "key" : quoted !== undefined ? "text" : "value";
    parts.push(
      <span key={match.index} className={`json-${kind}`}>
        {whole}
      </span>,
    );
    from = match.index + whole.length;
  }
  parts.push(text.slice(from));
  return parts;
}
