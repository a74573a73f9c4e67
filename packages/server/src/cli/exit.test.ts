import { expect, test } from "vitest";
import { problem, raiser } from "../base/index.ts";
import { kernelErrors } from "../kernel/app/index.ts";
import { builtIns } from "../platform.ts";
import { EXIT, EXIT_BY_CODE, exitCodeOf } from "./exit.ts";

test("every code that has an exit of its own is a code of some table", () => {
  const tables = [...kernelErrors.map(({ errors }) => errors), ...builtIns().map((p) => p.errors)];
  const codes = new Set(tables.flatMap((table) => Object.keys(table ?? {})));
  const listed = Object.keys(EXIT_BY_CODE).filter((code) => !code.startsWith("cli."));
  expect(listed.filter((code) => !codes.has(code))).toEqual([]);
});

test("a plugin that failed to start ends the process as what it failed for does", () => {
  const raise = raiser({
    "app.startFailed": problem(500, "It failed."),
    "gateway.badConfig": problem(500, "Mistakes."),
    "shop.closed": problem(500, "Closed."),
  });
  const failed = (cause: unknown): number => exitCodeOf(raise("app.startFailed", { cause }));
  expect(failed(raise("gateway.badConfig"))).toBe(EXIT.badConfig);
  expect(failed(raise("shop.closed"))).toBe(EXIT.failed);
  expect(failed(new TypeError("no table has this"))).toBe(EXIT.failed);
});
