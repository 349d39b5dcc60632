import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Forbidden, Lost, Refused, SignedOut } from "../src/api/failure";
import { readStream } from "../src/stream/read";
import { HandMade, json, serve } from "./server";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const stopped = new AbortController();
const settle = () => vi.advanceTimersByTimeAsync(0);

function read(lastEventId = "", signal = stopped.signal) {
  const told: unknown[] = [];
  const ended = readStream(
    "/logs/stream",
    { lastEventId, silence: () => 1_000, signal },
    { onEvent: (event) => told.push(event), onRetry: (ms) => told.push(ms) },
  ).catch((error: unknown) => error);
  return { told, ended };
}

test("events are the same however their bytes are cut", async () => {
  const bytes = new TextEncoder().encode(
    '\uFEFFretry: 1500\nevent: start\r\ndata: {"a":"ä€😀"}\r\n\r\n: heartbeat\n\nid: 7\ndata: one\ndata: two\n\nevent: sync\rid: 8\rdata: {}\r\r:\n',
  );
  const expected = [
    1500,
    { id: undefined, event: "start", data: '{"a":"ä€😀"}' },
    { id: "7", event: undefined, data: "one\ntwo" },
    { id: "8", event: "sync", data: "{}" },
  ];
  for (let cut = 1; cut < bytes.length; cut += 1) {
    const stream = new HandMade();
    serve(() => stream.response);
    const { told, ended } = read();
    stream.send(bytes.subarray(0, cut));
    await settle();
    stream.send(bytes.subarray(cut));
    stream.end();
    expect(await ended).toBeInstanceOf(Lost);
    expect(told, `cut after byte ${cut}`).toEqual(expected);
  }
});

test("an event whose blank line did not come is not told", async () => {
  const stream = new HandMade();
  serve(() => stream.response);
  const { told, ended } = read();
  stream.send("id: 9\ndata: unfinished\n");
  stream.end();
  expect(await ended).toEqual(new Lost("The server ended the stream."));
  expect(told).toEqual([]);
});

test("the last event ID goes into the header as UTF-8, and not at all when it is empty", async () => {
  const seen = serve(() => json({}, 400));
  await read("grün").ended;
  await read("").ended;
  expect(seen[0]?.headers.get("last-event-id")).toBe("grÃ¼n");
  expect(seen[1]?.headers.has("last-event-id")).toBe(false);
  expect(seen[0]?.headers.get("accept")).toBe("text/event-stream");
});

test("silence ends a stream, and a heartbeat is not silence", async () => {
  const stream = new HandMade();
  const seen = serve(() => stream.response);
  const { ended } = read();
  for (let i = 0; i < 5; i += 1) {
    await vi.advanceTimersByTimeAsync(900);
    stream.send(": \n\n");
    await settle();
  }
  expect(seen[0]?.signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1_001);
  expect(await ended).toEqual(new Lost("Nothing was heard from the server for too long."));
  expect(seen[0]?.signal.aborted).toBe(true);
});

test("an answer that never comes is silence too", async () => {
  serve(
    ({ signal }) => new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason))),
  );
  const { ended } = read();
  await vi.advanceTimersByTimeAsync(1_001);
  expect(await ended).toEqual(new Lost("Nothing was heard from the server for too long."));
});

test("a broken connection is worth another try", async () => {
  const stream = new HandMade();
  serve(() => stream.response);
  const { ended } = read();
  await settle();
  stream.break();
  expect(await ended).toEqual(new Lost("The connection was lost."));
});

test.each([
  [204, new Response(null, { status: 204 }), Refused],
  [401, json({}, 401), SignedOut],
  [403, json({}, 403), Forbidden],
  [404, json({}, 404), Refused],
  [408, json({}, 408), Lost],
  [429, json({}, 429), Lost],
  [503, json({}, 503), Lost],
  ["of a sign-in page", new HandMade("text/html; charset=utf-8").response, SignedOut],
  ["another content type", new HandMade("text/plain").response, Refused],
  ["a content type that only begins alike", new HandMade("text/event-streams").response, Refused],
])("the answer %s is told apart", async (_, response, kind) => {
  serve(() => response);
  expect(await read().ended).toBeInstanceOf(kind);
});

test("a content type may be in any case and have parameters", async () => {
  const stream = new HandMade("Text/Event-Stream; charset=utf-8");
  serve(() => stream.response);
  const { told, ended } = read();
  stream.send("data: x\n\n");
  stream.end();
  await ended;
  expect(told).toHaveLength(1);
});

test("an event without end does not fill the memory", async () => {
  const stream = new HandMade();
  const seen = serve(() => stream.response);
  const { ended } = read();
  const chunk = new Uint8Array(1 << 20).fill(120);
  for (let i = 0; i < 17; i += 1) stream.send(chunk);
  expect(await ended).toEqual(new Lost("The server sent an event that is too long."));
  expect(seen[0]?.signal.aborted).toBe(true);
});

test("stopping ends the request and is no failure of the stream", async () => {
  const stopping = new AbortController();
  const seen = serve(() => new HandMade().response);
  const { ended } = read("", stopping.signal);
  await settle();
  stopping.abort();
  expect(await ended).toHaveProperty("name", "AbortError");
  expect(seen[0]?.signal.aborted).toBe(true);
});
