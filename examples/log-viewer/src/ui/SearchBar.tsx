import { useEffect, useState } from "react";
import { EVERYTHING, LEVELS, type Search } from "../log/search";
import { Icon } from "./Icon";

/** How long nothing is typed before it is looked for. */
const PAUSE = 300;

/** What to look for: in the lines shown, in older ones, and in those that are still to come. */
export function SearchBar({ search, onChange }: { search: Search; onChange(search: Search): void }) {
  const [text, setText] = useState(search.text);

  useEffect(() => {
    if (text === search.text) return;
    const timer = setTimeout(() => onChange({ ...search, text }), PAUSE);
    return () => clearTimeout(timer);
  }, [text, search, onChange]);

  const clear = () => {
    setText("");
    onChange(EVERYTHING);
  };
  const given = text !== "" || search.least !== "";
  return (
    <search className="search">
      <input
        className="search-text"
        type="search"
        value={text}
        maxLength={1000}
        aria-label={search.pattern ? "Search by pattern" : "Search"}
        placeholder={search.pattern ? "Pattern, as in took [0-9]{4,} ms" : "Search all messages"}
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && text !== search.text) onChange({ ...search, text });
          if (event.key === "Escape") clear();
        }}
      />
      <button
        type="button"
        className="tool search-pattern"
        aria-pressed={search.pattern}
        aria-label="Search by pattern"
        title={search.pattern ? "The text is a regular expression" : "The text is looked for as it is"}
        onClick={() => onChange({ ...search, text, pattern: !search.pattern })}
      >
        <span aria-hidden="true">.*</span>
      </button>
      <label className="choice">
        <span className="hidden">Level</span>
        <select
          value={search.least}
          onChange={(event) => onChange({ ...search, text, least: event.target.value })}
        >
          <option value="">All levels</option>
          {LEVELS.slice(1).map((level, index) => (
            <option key={level} value={level}>
              {index + 2 === LEVELS.length ? level : `${level} and above`}
            </option>
          ))}
        </select>
        <Icon name="chevron" />
      </label>
      {given && (
        <button
          type="button"
          className="tool"
          aria-label="Clear the search"
          title="Clear the search"
          onClick={clear}
        >
          <Icon name="close" />
        </button>
      )}
    </search>
  );
}
