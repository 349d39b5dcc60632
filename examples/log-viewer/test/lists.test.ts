import { afterEach, expect, test, vi } from "vitest";
import { listWorkflows } from "../src/api/rest";
import { json, serve } from "./server";

afterEach(() => void vi.unstubAllGlobals());

test("a list is read to its end, page by page", async () => {
  const pages = [
    { workflows: ["a", "b c"], next: "b c" },
    { workflows: ["d"], next: null },
  ];
  const seen = serve((_, count) => json(pages[count - 1]));
  const names = await listWorkflows("e t", new AbortController().signal);
  expect(names).toEqual(["a", "b c", "d"]);
  const asked = seen.map(({ url }) => new URL(url, "http://localhost").search);
  expect(asked).toEqual(["?limit=10000", "?limit=10000&after=b+c"]);
});
