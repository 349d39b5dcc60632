import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HELD, Lines, SLACK } from "../src/log/lines";
import { row, stubFrames } from "./server";

let frames: ReturnType<typeof stubFrames>;
beforeEach(() => {
  vi.useFakeTimers();
  frames = stubFrames();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function ids(lines: Lines): (string | undefined)[] {
  const { first, count } = lines.shown();
  return Array.from({ length: count }, (_, i) => lines.at(first + i)?.row.id);
}

function drawAll() {
  while (frames.pending() > 0) frames.draw();
}

function fill(lines: Lines, from: number, to: number) {
  for (let i = from; i < to; i += 1) lines.append(row(String(i)));
}

test("listeners are told once a frame, however many rows came", () => {
  const lines = new Lines();
  const told = vi.fn();
  lines.subscribe(told);
  fill(lines, 0, 5_000);
  expect([told.mock.calls.length, lines.shown().count]).toEqual([0, 0]);
  frames.draw();
  expect([told.mock.calls.length, lines.shown().count]).toEqual([1, 5_000]);
});

test("a page without frames, as in a hidden tab, is told all the same", () => {
  const lines = new Lines();
  fill(lines, 0, 3);
  vi.advanceTimersByTime(1_000);
  expect(lines.shown().count).toBe(3);
});

test("what is shown stays the same object until it changes", () => {
  const lines = new Lines();
  expect(lines.shown()).toBe(lines.shown());
  fill(lines, 0, 1);
  const before = lines.shown();
  frames.draw();
  expect(lines.shown()).not.toBe(before);
});

test("history goes before what was streamed, in its order, and moves no key", () => {
  const lines = new Lines();
  lines.prepend([row("5"), row("4")]);
  fill(lines, 6, 8);
  drawAll();
  const { first } = lines.shown();
  expect(ids(lines)).toEqual(["4", "5", "6", "7"]);
  lines.prepend([row("3"), row("2")]);
  expect(ids(lines)).toEqual(["2", "3", "4", "5", "6", "7"]);
  expect(lines.at(first)?.row.id).toBe("4");
});

test("a row that came twice is shown twice: that is a bug to be seen", () => {
  const lines = new Lines();
  lines.append(row("1"));
  lines.append(row("1"));
  drawAll();
  expect(ids(lines)).toEqual(["1", "1"]);
});

test("old lines are let go in small steps, no more than needed, and counted", () => {
  const lines = new Lines();
  fill(lines, 0, HELD);
  drawAll();
  let most = 0;
  for (let frame = 0; frame < 300; frame += 1) {
    const before = lines.shown().letGo;
    fill(lines, HELD + frame * 333, HELD + (frame + 1) * 333);
    frames.draw();
    most = Math.max(most, lines.shown().letGo - before);
  }
  drawAll();
  const { first, count, letGo } = lines.shown();
  expect([count, letGo]).toEqual([HELD, 300 * 333]);
  expect(most).toBeLessThan(1_400);
  expect(lines.at(first)?.row.id).toBe(String(letGo));
  expect(lines.at(first + count - 1)?.row.id).toBe(String(HELD + letGo - 1));
  expect(lines.at(first - 1)).toBeUndefined();
});

test("history is let go before what was streamed", () => {
  const lines = new Lines();
  lines.prepend([row("h2"), row("h1"), row("h0")]);
  fill(lines, 0, HELD - 1);
  drawAll();
  expect(lines.shown()).toMatchObject({ count: HELD, letGo: 2 });
  expect(ids(lines).slice(0, 2)).toEqual(["h2", "0"]);
});

test("what is being read stays while new lines come, however many; those beyond the bound are only counted", () => {
  const lines = new Lines();
  fill(lines, 0, HELD);
  drawAll();
  const reading = lines.shown().first + 100;
  lines.keepFrom(reading);
  fill(lines, HELD, HELD + 5_000);
  drawAll();
  expect(lines.shown()).toMatchObject({ first: reading, count: HELD + 4_900, letGo: 100, missed: 0 });

  for (let i = HELD + 5_000; i < HELD + 50_000; i += 1_000) {
    fill(lines, i, i + 1_000);
    frames.draw();
  }
  drawAll();
  const { first, count, missed } = lines.shown();
  expect(first).toBe(reading);
  expect(lines.at(first)?.row.id).toBe("100");
  expect(count - HELD - SLACK).toBeLessThan(1_000);
  expect(count + missed).toBe(HELD + 50_000 - 100);
  // Nothing is missing in the middle.
  expect(lines.at(first + count - 1)?.row.id).toBe(String(100 + count - 1));

  const letGo = lines.shown().letGo;
  lines.keepFrom(undefined);
  lines.append(row("later"));
  frames.draw();
  expect(lines.shown().letGo - letGo).toBe(1_000);
  drawAll();
  expect(lines.shown()).toMatchObject({ count: HELD, missed: missed + 1 });
});

test("clearing shows at once, and no key is ever used again", () => {
  const lines = new Lines();
  lines.prepend([row("old")]);
  fill(lines, 0, 10);
  drawAll();
  const before = lines.shown();
  lines.clear();
  expect(lines.shown().count).toBe(0);
  lines.prepend([row("new")]);
  drawAll();
  expect(ids(lines)).toEqual(["new"]);
  expect(lines.shown().first).toBeGreaterThan(before.first + before.count);
  expect(lines.at(before.first)).toBeUndefined();
});

test("older lines find no room once some were let go: there would be a gap", () => {
  const lines = new Lines();
  fill(lines, 0, HELD + 1);
  expect(lines.hasRoom).toBe(false);
  drawAll();
  lines.prepend(Array.from({ length: 5_000 }, () => row("older")));
  lines.append(row("newer"));
  frames.draw();
  expect(ids(lines)[0]).toBe("2");
});

test("a message's lines are counted for its height", () => {
  const lines = new Lines();
  lines.append(row("1", "a\n\tat b\n\tat c"));
  lines.append(row("2", ""));
  drawAll();
  const { first } = lines.shown();
  expect([lines.at(first)?.height, lines.at(first + 1)?.height]).toEqual([3, 1]);
});
