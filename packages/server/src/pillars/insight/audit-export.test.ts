import { createTestApp, describeStore } from "portico/testing";
import type { TestApp } from "portico/testing";
import { expect, it, test } from "vitest";
import { auditLines, csvCell } from "./audit-lines.ts";
import { hello } from "./hello.fixture.ts";
import { insight } from "./index.ts";

const everything = { permissions: ["*"], instancePermissions: ["*"] };

/** Notes so many entries of an organization, with this target. */
async function noted(
  app: TestApp,
  organization: string,
  targets: readonly string[],
): Promise<void> {
  const ctx = app.context("insight");
  const options = { scope: { organization }, origin: ctx.newOrigin("=cmd()") };
  await ctx.store.append(options, (batch) => {
    for (const target of targets) {
      batch.audit({
        action: "notes.rename",
        target,
        before: { text: "a" },
        after: { text: 'b"\n' },
      });
    }
  });
}

describeStore("the export of the audit", (open) => {
  it("gives every entry of the caller's organization once, oldest first, and nobody else's", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins: [insight(), hello], driver: database.driver });
    const targets = Array.from({ length: 1_234 }, (_, index) => `note_${index}`);
    await noted(app, "default", targets);
    await noted(app, "globex", ["secret"]);
    const { status, text, headers } = await app.as().get("/audit/export?format=jsonl");
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe("application/x-ndjson");
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { target: string });
    expect(lines.map(({ target }) => target)).toEqual(targets);
    expect(lines[0]).toMatchObject({ organization: "default", diff: { before: { text: "a" } } });
  });

  it("of all organizations is for those who may see all", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins: [insight(), hello], driver: database.driver });
    await noted(app, "default", ["one"]);
    await noted(app, "globex", ["two"]);
    const path = "/audit/export?scope=instance";
    expect((await app.as().get(path)).status).toBe(403);
    expect((await app.as({ permissions: [] }).get("/audit/export")).status).toBe(403);
    expect((await app.as(everything).get(path)).text).toContain('"target":"two"');
    expect((await app.as().get("/audit/checkpoints")).status).toBe(403);
  });

  it("as CSV holds no cell that a spreadsheet takes for a formula", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins: [insight(), hello], driver: database.driver });
    await noted(app, "default", ['=HYPERLINK("http://x")', "+1", "-1", "@x", "\t=1", "plain"]);
    const { text, headers } = await app.as().get("/audit/export?format=csv");
    expect(headers["content-disposition"]).toBe('attachment; filename="audit.csv"');
    const rows = text.split("\r\n");
    expect(rows[0]?.startsWith("seq,id,at,")).toBe(true);
    expect(rows[1]).toContain('"\'=HYPERLINK(""http://x"")"');
    expect(text).not.toMatch(/(^|,)"?[=+\-@\t]/m);
    expect(text).toContain('"plain"');
  });

  it("is kept to a range of time", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins: [insight(), hello], driver: database.driver });
    await noted(app, "default", ["one"]);
    expect((await app.as().get("/audit/export?to=2000-01-01T00:00:00Z")).text).toBe("");
    expect((await app.as().get("/audit/export?from=2000-01-01T00:00:00Z")).text).not.toBe("");
    expect((await app.as().get("/audit/export?format=xml")).status).toBe(422);
  });
});

test("an export reads a page only when it is asked for, and ends with whoever leaves", async () => {
  let reads = 0;
  const walk = (): Promise<never[]> => {
    reads += 1;
    // As many as a page holds, for ever: whoever read ahead would never end.
    return Promise.resolve(
      Array.from({ length: 500 }, (_, n) => ({ n, at: 0, diff: null })) as never[],
    );
  };
  const lines = auditLines({ walk }, {}, "jsonl");
  await lines.next();
  await lines.next();
  expect(reads).toBe(2);
  await lines.return(undefined);
  expect(await lines.next()).toEqual({ done: true, value: undefined });
  expect(reads).toBe(2);
});

test.each([
  ["=1", `"'=1"`],
  ["\r=1", `"'\r=1"`],
  ['a"b', '"a""b"'],
  ["", '""'],
])("the cell %j is written %s", (value, written) => {
  expect(csvCell(value)).toBe(written);
});
