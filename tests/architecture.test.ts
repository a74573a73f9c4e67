import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { wrongArrows } from "./architecture/arrows.ts";
import { readPlan, root } from "./architecture/plan.ts";
import { rings } from "./architecture/rings.ts";
import * as shape from "./architecture/shape.ts";
import { parseSource, readSources } from "./architecture/source.ts";
import type { SourceFile } from "./architecture/source.ts";

const plan = readPlan();
const sources = readSources(join(root, plan.source));

/** Scripts, tests and examples: no floors, but the same shape. */
const around = ["scripts", "tests", "bench", "examples", "packages/client"].flatMap((folder) =>
  readSources(join(root, folder)).map((file) => ({ ...file, path: `${folder}/${file.path}` })),
);

describe("the source tree", () => {
  test("is found", () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.filter(({ isTest }) => isTest).length).toBeGreaterThan(5);
  });

  test("follows the arrows of architecture.json, and imports faces only", () => {
    expect(wrongArrows(plan, sources)).toEqual([]);
  });

  test("has no ring of files, types included", () => {
    expect(rings(plan, sources)).toEqual([]);
  });

  test("raises errors from tables only", () => {
    expect(shape.bareErrors(plan, sources)).toEqual([]);
  });

  test("keeps logic out of faces and names what they pass on", () => {
    expect([...shape.busyFaces(plan, sources), ...shape.stars(plan, sources)]).toEqual([]);
  });

  test("documents everything that leaves by a door", () => {
    expect(shape.undocumented(plan, sources)).toEqual([]);
  });
});

describe("the client", () => {
  const client = readSources(join(root, "packages/client/src"));

  test("imports its own files and nothing else, so that it runs wherever there is a Request", () => {
    expect(client.length).toBeGreaterThan(3);
    const foreign = client
      .filter(({ isTest }) => !isTest)
      .flatMap(({ path, imports }) =>
        imports.filter(({ specifier }) => !specifier.startsWith("./")).map(() => path),
      );
    expect(foreign).toEqual([]);
  });
});

describe("every file", () => {
  const all = [...sources, ...around];

  test.each([
    ["is named by its content", shape.bags],
    ["is named in kebab-case", shape.oddNames],
    ["is split by noun", shape.numberedFiles],
    ["is within the cap", shape.longFiles],
    ["is free of `any`", shape.anys],
    ["is free of `!`", shape.nonNulls],
    ["leaves every check on", shape.silenced],
  ])("%s", (_title, rule) => {
    expect(rule(plan, all)).toEqual([]);
  });
});

describe("the rules catch", () => {
  const tree = (files: Readonly<Record<string, string>>): SourceFile[] =>
    Object.entries(files).map(([path, text]) => parseSource(path, text));

  const faces = {
    "base/index.ts": "",
    "kernel/index.ts": "",
    "kernel/store/index.ts": "",
    "kernel/store/writer.ts": "",
    "drivers/sqlite/index.ts": "",
    "drivers/postgres/index.ts": "",
    "pillars/keys/index.ts": "",
    "pillars/keys/tables.ts": "",
    "pillars/webhooks/index.ts": "",
    "platform.ts": "",
  };

  test.each([
    ["a floor that stands on a higher one", "kernel/jobs/run.ts", "../../drivers/sqlite/index.ts"],
    ["the kernel reaching for a pillar", "kernel/jobs/run.ts", "../../pillars/keys/index.ts"],
    ["anybody reaching for the assembly", "drivers/sqlite/open.ts", "../../platform.ts"],
    ["a step past a face", "kernel/jobs/run.ts", "../store/writer.ts"],
    ["a pillar that leaves its folder", "pillars/keys/verify.ts", "../../kernel/index.ts"],
    ["a pillar in another pillar", "pillars/keys/verify.ts", "../webhooks/index.ts"],
    ["a pillar behind a declared arrow's face", "pillars/gateway/front.ts", "../keys/index.ts"],
    [
      "a pillar's test that leaves its folder",
      "pillars/keys/keys.test.ts",
      "../../kernel/index.ts",
    ],
    ["a pillar's test past a neighbour's face", "pillars/gateway/a.test.ts", "../keys/tables.ts"],
    ["production code of a pillar on the test kit", "pillars/keys/verify.ts", "portico/testing"],
    ["a pillar on a door that does not exist", "pillars/keys/verify.ts", "portico/kernel/store"],
    ["one driver in another", "drivers/sqlite/open.ts", "../postgres/index.ts"],
    ["a file on its own face", "kernel/store/driver.ts", "./index.ts"],
    ["a library in the wrong room", "pillars/keys/tables.ts", "node:sqlite"],
    ["base reading a file", "base/ids.ts", "node:fs"],
    ["an import that leads nowhere", "base/ids.ts", "./gone.ts"],
  ])("%s", (_title, path, specifier) => {
    for (const line of [
      `import { a } from "${specifier}";`,
      `import type { A } from "${specifier}";`,
      `export { a } from "${specifier}";`,
      `export const a = await import("${specifier}");`,
      `export type A = import("${specifier}").A;`,
    ]) {
      expect(wrongArrows(plan, tree({ ...faces, [path]: line })), line).toHaveLength(1);
    }
  });

  test("nothing in what is allowed", () => {
    const files = tree({
      ...faces,
      "kernel/jobs/run.ts": `import { a } from "../store/index.ts"; import { b } from "../../base/index.ts";`,
      "drivers/sqlite/open.ts": `import { DatabaseSync } from "node:sqlite"; import { a } from "../../kernel/store/index.ts";`,
      "pillars/keys/operations/create-key.ts": `import { a } from "portico/kernel"; import { b } from "../tables.ts";`,
      "pillars/keys/tables.ts": "",
      "pillars/keys/keys.test.ts": `import { a } from "portico/testing"; import { b } from "./index.ts";`,
      "pillars/gateway/gateway.test.ts": `import { a } from "../keys/index.ts";`,
    });
    expect(wrongArrows(plan, files)).toEqual([]);
  });

  test("a file on no floor", () => {
    expect(wrongArrows(plan, tree({ "attic/box.ts": "" }))).toHaveLength(1);
  });

  test("a ring that only types close", () => {
    const files = tree({
      "base/a.ts": `import type { B } from "./b.ts";`,
      "base/b.ts": `import type { C } from "./c.ts";`,
      "base/c.ts": `import type { A } from "./a.ts";`,
    });
    expect(rings(plan, files)).toEqual(["base/a.ts → base/b.ts → base/c.ts → base/a.ts"]);
  });

  test.each([
    ["a bag", shape.bags, "kernel/utils/a.ts", ""],
    ["a bag with a test", shape.bags, "kernel/store/helpers.test.ts", ""],
    ["camel case", shape.oddNames, "kernel/store/openFile.ts", ""],
    ["a split by number", shape.numberedFiles, "kernel/jobs/deliver-2.ts", ""],
    ["a long file", shape.longFiles, "base/a.ts", "\n".repeat(401)],
    ["a bare Error", shape.bareErrors, "base/a.ts", `throw new Error("no");`],
    ["a bare Error without new", shape.bareErrors, "base/a.ts", `throw Error("no");`],
    ["any", shape.anys, "base/a.ts", "export const a = (b: any): void => b;"],
    ["a non-null claim", shape.nonNulls, "base/a.ts", "export const a = b!.c;"],
    ["a silenced check", shape.silenced, "base/a.ts", "// oxlint-disable-next-line no-var"],
    ["logic in a face", shape.busyFaces, "kernel/store/index.ts", "export const a = 1;"],
    ["a star over a file", shape.stars, "kernel/index.ts", `export * from "./store/writer.ts";`],
    [
      "a star in a room's face",
      shape.stars,
      "kernel/jobs/index.ts",
      `export * from "./a/index.ts";`,
    ],
  ])("%s", (_title, rule, path, text) => {
    expect(rule(plan, tree({ [path]: text }))).toHaveLength(1);
  });

  test("an undocumented name behind two faces, and no documented one", () => {
    const files = tree({
      "kernel/index.ts": `export { told, silent } from "./store/index.ts";`,
      "kernel/store/index.ts": `export { told, silent, inner } from "./writer.ts";`,
      "kernel/store/writer.ts": `/** Told. */\nexport const told = 1;\nexport const silent = 2;\nexport const inner = 3;`,
    });
    expect(shape.undocumented(plan, files)).toEqual([
      "kernel/store/writer.ts:3: 'silent' leaves by a door and has no doc comment",
    ]);
  });
});
