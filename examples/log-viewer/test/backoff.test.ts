import { expect, test } from "vitest";
import { delayBefore } from "../src/stream/backoff";

const none = () => 0;
const all = () => 1;

test("the reconnection time is waited in full, and jitter is added to it", () => {
  expect(delayBefore({ failures: 0, retry: 5_000, atLeast: 0 }, none)).toBe(5_000);
  expect(delayBefore({ failures: 0, retry: 5_000, atLeast: 0 }, all)).toBe(6_000);
});

test("the jitter's bound doubles with each failure, up to a cap", () => {
  const bounds = [0, 1, 2, 3, 4, 5, 60, 5_000].map((failures) =>
    delayBefore({ failures, retry: 0, atLeast: 0 }, all),
  );
  expect(bounds).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

test("the jitter is full: every share of the bound is possible", () => {
  const shares = [0, 0.25, 0.5, 1].map((share) =>
    delayBefore({ failures: 2, retry: 0, atLeast: 0 }, () => share),
  );
  expect(shares).toEqual([0, 1_000, 2_000, 4_000]);
});

test("what an answer asked for is the least wait", () => {
  expect(delayBefore({ failures: 0, retry: 1_000, atLeast: 20_000 }, none)).toBe(20_000);
  expect(delayBefore({ failures: 0, retry: 9_000, atLeast: 2_000 }, none)).toBe(9_000);
});

test("a time too long for a timer is shortened instead of firing at once", () => {
  expect(delayBefore({ failures: 0, retry: 1e18, atLeast: 0 }, all)).toBe(2 ** 31 - 1);
});
