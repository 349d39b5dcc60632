import { defaultRangeExtractor, type Range, useVirtualizer } from "@tanstack/react-virtual";
import {
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import type { Feed } from "../log/feed";
import type { Shown } from "../log/lines";
import { LogRow, lineId, type Marks } from "./LogRow";
import { PREVIEW_LINES } from "./preview";
import { TOP_EDGE, TopEdge } from "./TopEdge";
import { useExpanded } from "./useExpanded";
import { type Follow, useEndInView } from "./useFollow";
import { useLineKeys } from "./useLineKeys";
import { useNarrow } from "./useNarrow";

const OVERSCAN = 12;
const TEXT_LINE = 20;
const PADDING = 2;
const NARROW_PADDING = 6;
/** Older lines are asked for when fewer than this many are left above. */
const AHEAD = 60;

/** The lines that are in view, as elements; the others are only space. */
export function LogList(props: {
  feed: Feed;
  shown: Shown;
  follow: Follow;
  scroller: RefObject<HTMLDivElement | null>;
  wrap: boolean;
  marks: Marks;
}) {
  const { feed, shown, follow, scroller, wrap } = props;
  const { lines, older } = feed;
  const { following, pause } = follow;
  const narrow = useNarrow();
  const [expanded, toggle] = useExpanded();
  const [active, setActive] = useState<number>();
  const olderState = useSyncExternalStore(older.state.subscribe, older.state.get);

  const estimateSize = useCallback(
    (index: number) => {
      const height = Math.min(lines.at(shown.first + index)?.height ?? 1, PREVIEW_LINES);
      return narrow ? (height + 1) * TEXT_LINE + NARROW_PADDING : height * TEXT_LINE + PADDING;
    },
    [lines, shown.first, narrow],
  );

  // While the tail is followed its rows are drawn before the browser has reported the new scroll position.
  const rangeExtractor = useCallback(
    (range: Range) => {
      if (!following) return defaultRangeExtractor(range);
      const rows = range.endIndex - range.startIndex + 1;
      return defaultRangeExtractor({
        ...range,
        startIndex: Math.max(0, range.count - rows),
        endIndex: range.count - 1,
      });
    },
    [following],
  );

  const virtualizer = useVirtualizer({
    count: shown.count,
    getScrollElement: () => scroller.current,
    getItemKey: useCallback((index: number) => shown.first + index, [shown.first]),
    estimateSize,
    rangeExtractor,
    overscan: OVERSCAN,
    paddingStart: TOP_EDGE,
    paddingEnd: 6,
    // What is in view stays where it is when lines come or go before it.
    anchorTo: "end",
    // A line that grows at the end of a held view must not push up what is read.
    scrollEndThreshold: following ? 1 : -1,
  });

  useEndInView(scroller, following);
  useForgottenSizes(virtualizer.itemSizeCache, shown);

  // A search that stopped goes on when it is asked to: it may be long.
  const goesOn = olderState.is === "more" && olderState.reached === undefined;
  // Asked for before the range, which is only then the one of what is shown now.
  const items = virtualizer.getVirtualItems();
  const from = virtualizer.range?.startIndex ?? 0;
  useEffect(() => {
    lines.keepFrom(following ? undefined : shown.first + from);
    if (!following && from < AHEAD && goesOn) void older.load();
  }, [lines, older, goesOn, following, shown.first, from]);

  const layout = `${wrap} ${narrow}`;
  const layoutBefore = useRef(layout);
  useLayoutEffect(() => {
    if (layoutBefore.current === layout) return;
    layoutBefore.current = layout;
    // Heights measured in the other layout say nothing about this one; what was read stays at the top.
    virtualizer.measure();
    if (!following) virtualizer.scrollToIndex(from, { align: "start" });
  });

  const onToggle = useCallback(
    (key: number) => {
      pause();
      setActive(key);
      toggle(key);
    },
    [pause, toggle],
  );

  const onKeyDown = useLineKeys({
    shown,
    active,
    follow,
    activate: setActive,
    toggle: onToggle,
    reveal: (index) => virtualizer.scrollToIndex(index, { align: "auto" }),
    lastInView: virtualizer.range?.endIndex ?? 0,
  });

  const activeShown = active !== undefined && items.some((item) => item.key === active);
  return (
    <div
      ref={scroller}
      className="log"
      data-wrap={wrap}
      onScroll={follow.onScroll}
      onWheel={(event) => event.deltaY < 0 && isScrollable(event.currentTarget) && pause()}
    >
      <div className="log-space" style={{ height: virtualizer.getTotalSize() }}>
        <TopEdge state={olderState} shown={shown} onLoad={() => void older.load()} />
        <div
          className="log-rows"
          role="treegrid"
          aria-label="Log lines"
          aria-rowcount={shown.count}
          aria-readonly="true"
          aria-activedescendant={activeShown ? lineId(active) : undefined}
          tabIndex={0}
          onKeyDown={onKeyDown}
          style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}
        >
          {items.map((item) => {
            const key = shown.first + item.index;
            const line = lines.at(key);
            return (
              line && (
                <LogRow
                  key={key}
                  lineKey={key}
                  index={item.index}
                  line={line}
                  expanded={expanded.has(key)}
                  active={active === key}
                  marks={props.marks}
                  measure={virtualizer.measureElement}
                  onToggle={onToggle}
                />
              )
            );
          })}
        </div>
      </div>
    </div>
  );
}

function isScrollable(element: Element): boolean {
  return element.scrollHeight > element.clientHeight;
}

/** Drops the measured heights of lines that were let go: the virtualizer would keep them for ever. */
function useForgottenSizes(sizes: Map<unknown, number>, shown: Shown): void {
  const before = useRef(shown.first);
  useEffect(() => {
    for (let key = before.current; key < shown.first && sizes.size > 0; key += 1) sizes.delete(key);
    before.current = shown.first;
  }, [sizes, shown.first]);
}
