/** What the tabs of one server tell each other. */
export type Word = "in" | "out";

export interface Tabs {
  say(word: Word): void;
  stop(): void;
}

/** Talks with this browser's other tabs of the same server; pages elsewhere on the same host hear nothing. */
export function joinTabs(page: string, onWord: (word: Word) => void): Tabs {
  const channel = new BroadcastChannel(`log-viewer ${new URL(".", page).pathname}`);
  channel.onmessage = ({ data }) => {
    if (data === "in" || data === "out") onWord(data);
  };
  return { say: (word) => channel.postMessage(word), stop: () => channel.close() };
}
