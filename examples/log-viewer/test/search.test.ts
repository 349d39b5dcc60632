import { describe, expect, it } from "vitest";
import { EVERYTHING, marker, searchQuery } from "../src/log/search";

const marks = (text: string, message: string, pattern = false) =>
  marker({ text, pattern, least: "" })?.(message).map(([found]) => found);

describe("a search", () => {
  it("is put to the server in its own words", () => {
    expect(searchQuery(EVERYTHING)).toEqual({});
    expect(searchQuery({ text: "a b", pattern: false, least: "ERROR" })).toEqual({
      q: "a b",
      level: "ERROR,CRITICAL",
    });
    expect(searchQuery({ text: "a|b", pattern: true, least: "" })).toEqual({ regex: "a|b" });
  });

  it("marks text as it is written, in any case unless a capital letter is meant", () => {
    expect(marks("a.b-[c]", "A.B-[C] axb-[c] a.b-[c]")).toEqual(["A.B-[C]", "a.b-[c]"]);
    expect(marks("Größe", "größe Größe")).toEqual(["Größe"]);
    expect(marks("", "anything")).toBeUndefined();
  });

  it("marks a pattern where the browser can be trusted with it", () => {
    expect(marks("(?i)took \\d+ ms", "TOOK 12 ms, took 3 ms", true)).toEqual(["TOOK 12 ms", "took 3 ms"]);
    expect(marks("x*", "axxb", true)).toEqual(["xx"]);
    for (const pattern of ["(a+)+$", ".*.*.*x", "(?P<a>a)", "("])
      expect(marks(pattern, "a", true)).toBeUndefined();
  });
});
