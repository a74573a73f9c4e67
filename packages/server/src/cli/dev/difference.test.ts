import { expect, test } from "vitest";
import type { PrintedSetting } from "../../kernel/config/index.ts";
import { settingsDifference } from "./difference.ts";

function printed(settings: Readonly<Record<string, unknown>>): readonly PrintedSetting[] {
  return Object.entries(settings).map(([path, value]) => ({ path, value, source: "file" }));
}

test("a changed, a new and a gone setting are told with their values", () => {
  const before = printed({ "server.port": 1, "log.level": "info", data: "a" });
  const after = printed({ "server.port": 2, "log.level": "info", "notes.max": 5 });
  expect(settingsDifference(before, after)).toEqual([
    "server.port: 1 → 2",
    'data: "a" (gone)',
    "notes.max: 5 (new)",
  ]);
});

test("what is in a list is told by its id, so that one put before others changes only itself", () => {
  const api = (id: string, upstream: string) => ({ id, upstream });
  const before = printed({ "gateway.apis": [api("shop", "http://a")] });
  const after = printed({ "gateway.apis": [api("new", "http://n"), api("shop", "http://b")] });
  expect(settingsDifference(before, after)).toEqual([
    'gateway.apis[shop].upstream: "http://a" → "http://b"',
    'gateway.apis[new].id: "new" (new)',
    'gateway.apis[new].upstream: "http://n" (new)',
  ]);
});

test("nothing changed is told as nothing, and long values are cut", () => {
  const same = printed({ list: [1, { a: [] }], empty: {} });
  expect(settingsDifference(same, structuredClone(same))).toEqual([]);
  const [line = ""] = settingsDifference(printed({ text: "" }), printed({ text: "x".repeat(500) }));
  expect(line.length).toBeLessThan(90);
});
