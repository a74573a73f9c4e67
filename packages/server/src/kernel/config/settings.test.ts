import { Type } from "typebox";
import { expect, test } from "vitest";
import { definePlugin } from "../contract/index.ts";
import { nearest } from "./nearest.ts";
import { validateSettings } from "./settings.ts";

const notes = definePlugin({
  id: "notes",
  version: "1.0.0",
  engine: "^1",
  settings: Type.Object({ maxLength: Type.Integer({ default: 10_000 }) }),
});
const plain = definePlugin({ id: "plain", version: "1.0.0", engine: "^1" });

test("settings of every plugin get their defaults, whether given or not", () => {
  expect(validateSettings([notes, plain], {})).toEqual({
    ok: true,
    value: { notes: { maxLength: 10_000 }, plain: {} },
  });
});

test("settings for a plugin that is not there, or that takes none, are refused", () => {
  const result = validateSettings([notes, plain], { note: {}, plain: { any: 1 } });
  const found = result.ok ? [] : result.reason.map(({ path, didYouMean }) => [path, didYouMean]);
  expect(found).toEqual([
    ["note", "notes"],
    ["plain.any", undefined],
  ]);
});

test("a default that its own schema refuses is told as a mistake", () => {
  const broken = definePlugin({
    id: "broken",
    version: "1.0.0",
    engine: "^1",
    settings: Type.Object({ size: Type.Integer({ minimum: 1, default: 0 }) }),
  });
  expect(validateSettings([broken], {}).ok).toBe(false);
});

test("a word is suggested only when little of it differs", () => {
  expect(nearest("prot", ["port", "host"])).toBe("port");
  expect(nearest("publicurl", ["publicUrl"])).toBe("publicUrl");
  expect(nearest("banana", ["port", "host"])).toBeUndefined();
});
