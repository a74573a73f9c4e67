import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { root } from "../architecture/plan.ts";

test("every change that breaks a great promise turns its test red", () => {
  const { status, stdout } = spawnSync(process.execPath, ["scripts/mutants.ts"], {
    cwd: root,
    encoding: "utf8",
  });
  expect(stdout).not.toMatch(/^FAIL/m);
  expect(stdout).toMatch(/^ok/m);
  expect(status).toBe(0);
}, 600_000);
