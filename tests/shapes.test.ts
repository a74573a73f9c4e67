import { expect, test } from "vitest";
import { findShapeMistakes } from "../packages/server/src/kernel/http/index.ts";
import { builtIns } from "../packages/server/src/platform.ts";

test("no operation of any pillar answers in another than the four shapes", () => {
  const all = builtIns().flatMap(({ operations = [] }) => operations);
  expect(all.map(({ id }) => id)).toContain("webhooks.create");
  expect(findShapeMistakes(all)).toEqual([]);
});
