import { mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { watchFiles, type FileWatch } from "./watch-files.ts";

let folder: string;
let watch: FileWatch;
let seen: string[];
const at = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "portico-watch-"));
  seen = [];
  watch = watchFiles((files) => seen.push(...files));
});
afterEach(() => {
  watch.close();
  rmSync(folder, { recursive: true });
});

test("a file that is written, put in place of another, made or removed is told once", async () => {
  writeFileSync(at("a"), "1");
  writeFileSync(at("b"), "1");
  watch.set([at("a"), at("b"), at("later")]);
  for (const text of ["2", "3", "4"]) writeFileSync(at("a"), text);
  await vi.waitFor(() => expect(seen).toEqual([at("a")]));
  writeFileSync(at("b.tmp"), "2");
  renameSync(at("b.tmp"), at("b"));
  await vi.waitFor(() => expect(seen).toEqual([at("a"), at("b")]));
  writeFileSync(at("later"), "1");
  await vi.waitFor(() => expect(seen).toEqual([at("a"), at("b"), at("later")]));
  unlinkSync(at("later"));
  await vi.waitFor(() => expect(seen.filter((file) => file === at("later"))).toHaveLength(2));
});

test("a file that is touched but the same, and one that is not watched, are not told", async () => {
  writeFileSync(at("a"), "1");
  watch.set([at("a")]);
  watch.add([at("b")], Date.now());
  writeFileSync(at("a"), "1");
  writeFileSync(at("other"), "1");
  writeFileSync(at("b"), "1");
  await vi.waitFor(() => expect(seen).toEqual([at("b")]));
  watch.set([at("b")]);
  writeFileSync(at("a"), "2");
  writeFileSync(at("b"), "2");
  await vi.waitFor(() => expect(seen).toEqual([at("b"), at("b")]));
});

test("a file that was written before it was watched is told when that was too late to be read", () => {
  const before = Date.now() - 1_000;
  writeFileSync(at("a"), "1");
  watch.add([at("a"), at("none")], before);
  expect(seen).toEqual([at("a")]);
  watch.add([at("a")], before);
  expect(seen).toEqual([at("a")]);
});
