import { expect, test, vi } from "vitest";
import { inWords } from "../src/api/failure";
import { failureOf, retryAfter } from "../src/api/problem";
import { toRow } from "../src/api/row";
import { localTime } from "../src/log/time";
import { preview } from "../src/ui/preview";
import { json } from "./server";

test("Retry-After is read as seconds or as a date", () => {
  const now = Date.parse("2025-09-22T08:54:00Z");
  expect(retryAfter("120", now)).toBe(120_000);
  expect(retryAfter("Mon, 22 Sep 2025 08:54:30 GMT", now)).toBe(30_000);
  expect(retryAfter("Mon, 22 Sep 2025 08:00:00 GMT", now)).toBe(0);
  expect(retryAfter("soon", now)).toBe(0);
  expect(retryAfter(null, now)).toBe(0);
});

test("a failure without words of its own gets some", async () => {
  expect(inWords(await failureOf(new Response("<html>", { status: 502 })))).toMatch(/through its proxy/);
  expect(inWords(await failureOf(json({ title: 7 }, 418)))).toBe("The server answered with status 418.");
});

test("a record with missing or odd fields still makes a line, and keeps all it has", () => {
  expect(toRow({ id: 7, message: { a: 1 }, extra: [1] })).toEqual({
    id: "7",
    date: "",
    level: "",
    type: "",
    message: '{"a":1}',
    extra: [1],
  });
  expect(toRow("text").message).toBe("text");
  expect(toRow(null).message).toBe("");
});

test("times are local, to the millisecond", () => {
  vi.stubEnv("TZ", "America/New_York");
  expect(localTime("2025-09-22T08:54:01.007Z")).toEqual({ day: "Sep 22", time: "04:54:01.007" });
  expect(localTime("yesterday")).toBeUndefined();
  vi.unstubAllEnvs();
});

test("a long message is cut for its line, and says by how much", () => {
  expect(preview("a\nb")).toEqual({ text: "a\nb", left: "" });
  const trace = Array.from({ length: 500 }, (_, i) => `at ${i}`).join("\n");
  const { text, left } = preview(trace);
  expect(text.split("\n")).toHaveLength(19);
  expect(left).toBe(`${(trace.length - text.length).toLocaleString("en")} more characters`);
  expect(preview("x".repeat(5_000)).text).toHaveLength(4_000);
});
