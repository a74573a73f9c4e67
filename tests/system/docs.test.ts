import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../../scripts/run.ts";
import { blocksOf, readPages } from "../docs/markdown.ts";
import { follow, openSession } from "../docs/session.ts";

/** A folder with the command `portico` in it, run from source. */
let bin: string;

beforeAll(() => {
  bin = mkdtempSync(join(tmpdir(), "portico-bin-"));
  const main = join(root, "packages/server/src/cli/main.ts");
  symlinkSync(process.execPath, join(bin, "node"));
  writeFileSync(join(bin, "portico"), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, {
    mode: 0o755,
  });
});

afterAll(() => rmSync(bin, { recursive: true, force: true }));

const pages = readPages(root).filter(({ text }) =>
  blocksOf(text).some(({ words }) => words.includes("run")),
);

test.each(pages)("$path does what it says", async ({ text }) => {
  await using session = await openSession({ bin, modules: join(root, "node_modules") });
  expect(await follow(blocksOf(text), session)).toEqual([]);
});
