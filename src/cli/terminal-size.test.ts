import { expect, test } from "vitest";
import { giveSize } from "./terminal-size.ts";

test.each<[title: string, before: { columns?: number; rows?: number }, after: { columns?: number; rows?: number }]>([
  ["without a size gets the usual one", { columns: 0, rows: 0 }, { columns: 80, rows: 24 }],
  ["with a size keeps it", { columns: 200, rows: 10 }, { columns: 200, rows: 10 }],
  ["without rows keeps its columns", { columns: 40, rows: 0 }, { columns: 40, rows: 24 }],
  ["that is none gets no size", {}, {}],
])("a terminal %s", (_title, before, after) => {
  const stream = { ...before };
  giveSize(stream);
  expect(stream).toEqual(after);
});
