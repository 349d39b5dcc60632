import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Lost, Refused, SignedOut } from "../src/api/failure";
import { type Attempt, type Connection, keepConnected } from "../src/stream/keep";

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

function keep(attempt: (attempt: Attempt, count: number) => Promise<unknown>) {
  const states: Connection[] = [];
  let count = 0;
  const kept = keepConnected(
    (each) => {
      count += 1;
      return attempt(each, count);
    },
    (state) => states.push(state),
    () => 1,
  );
  return { kept, states, attempts: () => count, last: () => states.at(-1) };
}

const fails = async (message: string) => {
  throw new Lost(message);
};

test("a failed attempt is made again after a wait that grows", async () => {
  const { states, kept } = keep(() => fails("gone"));
  await vi.advanceTimersByTimeAsync(1_000_000);
  const waits = states.filter((state) => state.is === "waiting");
  expect(waits[0]).toEqual({ is: "waiting", until: 2_000, why: "gone", facts: {} });
  const lengths = waits.slice(1, 7).map((wait, i) => wait.until - (waits[i]?.until ?? 0));
  expect(lengths).toEqual([3_000, 5_000, 9_000, 17_000, 31_000, 31_000]);
  kept.stop();
});

test("a stream that worked makes the next wait short again, one that broke at once does not", async () => {
  for (const [lasts, next] of [
    [60_000, 2_000],
    [100, 5_000],
  ] as const) {
    const { last, kept, attempts } = keep(async ({ onLive }, count) => {
      if (count === 3) {
        onLive();
        await new Promise((resolve) => setTimeout(resolve, lasts));
      }
      throw new Lost("gone");
    });
    await vi.advanceTimersByTimeAsync(2_000 + 3_000 + lasts);
    expect(attempts()).toBe(3);
    expect(last()).toMatchObject({ is: "waiting", until: Date.now() + next });
    kept.stop();
  }
});

test("the reconnection time that the server named is kept for every later wait", async () => {
  const { states, kept } = keep(async ({ onRetry }, count) => {
    if (count === 1) onRetry(20_000);
    throw new Lost("gone");
  });
  await vi.advanceTimersByTimeAsync(21_001);
  const waits = states.filter((state) => state.is === "waiting").map((wait) => wait.until);
  expect(waits).toEqual([21_000, 21_000 + 22_000]);
  kept.stop();
});

test("a reconnection time of zero does not become a hot loop", async () => {
  const { kept, attempts } = keep(async ({ onRetry, onLive }) => {
    onRetry(0);
    onLive();
    throw new Lost("gone");
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(attempts()).toBeLessThan(8);
  kept.stop();
});

test("a server that asks for more time gets it", async () => {
  const { last, kept } = keep(async () => {
    throw new Lost("busy", 45_000);
  });
  await vi.advanceTimersByTimeAsync(0);
  expect(last()).toMatchObject({ is: "waiting", until: 46_000 });
  kept.stop();
});

test("a refusal ends it, in the server's words", async () => {
  const { last, attempts } = keep(async () => {
    throw new Refused("The request is not valid.", { requestId: "r1" });
  });
  await vi.advanceTimersByTimeAsync(100_000);
  const facts = { requestId: "r1" };
  expect(last()).toEqual({ is: "refused", why: "The request is not valid.", forbidden: false, facts });
  expect(attempts()).toBe(1);
});

test("what needs a sign-in is not tried again without one", async () => {
  const failure = new SignedOut("You are not signed in.");
  const { last, attempts } = keep(async () => {
    throw failure;
  });
  await vi.advanceTimersByTimeAsync(100_000);
  expect(last()).toEqual({ is: "signed-out", failure });
  expect(attempts()).toBe(1);
});

test("live is said once per attempt", async () => {
  const { states, kept } = keep(async ({ onLive }) => {
    onLive();
    onLive();
    return new Promise(() => {});
  });
  await vi.advanceTimersByTimeAsync(0);
  expect(states).toEqual([{ is: "connecting" }, { is: "live" }]);
  kept.stop();
});

test("a wait can be cut short", async () => {
  const { kept, attempts } = keep(() => fails("gone"));
  await vi.advanceTimersByTimeAsync(0);
  kept.now();
  await vi.advanceTimersByTimeAsync(0);
  expect(attempts()).toBe(2);
  kept.stop();
});

test("after a stop nothing is attempted and nothing is said", async () => {
  const { kept, states, attempts } = keep(() => fails("gone"));
  await vi.advanceTimersByTimeAsync(0);
  kept.stop();
  const said = states.length;
  await vi.advanceTimersByTimeAsync(1_000_000);
  expect([attempts(), states.length]).toEqual([1, said]);
});
