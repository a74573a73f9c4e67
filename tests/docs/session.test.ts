import { describe, expect, test } from "vitest";
import { matches } from "./compare.ts";
import { blocksOf } from "./markdown.ts";
import { follow, openSession } from "./session.ts";

const fence = "```";

function page(...lines: readonly string[]): string {
  return lines.join("\n").replaceAll("'''", fence);
}

describe("a page of documentation", () => {
  test("is followed in order, in one shell and one folder", async () => {
    await using session = await openSession();
    const text = page(
      "'''json file=a/b.json",
      `{ "answer": 42 }`,
      "'''",
      "'''sh run",
      "name=Portico; cat a/b.json",
      "'''",
      "'''output",
      `{ "answer": 42 }`,
      "'''",
      "'''sh run",
      `echo "$name $(date +%s) key_$RANDOM"; echo two; echo three; echo end`,
      "'''",
      "'''output",
      "Portico … key_…",
      "…",
      "end",
      "'''",
      "'''sh",
      "exit 1 # only shown",
      "'''",
    );
    expect(await follow(blocksOf(text), session)).toEqual([]);
  });

  test("is wrong where a block fails, and where it prints something else", async () => {
    await using session = await openSession();
    const text = page(
      "'''sh run",
      "echo no; false",
      "'''",
      "'''output",
      "yes",
      "'''",
      "'''output",
      "nothing was run before",
      "'''",
    );
    const wrong = await follow(blocksOf(text), session);
    expect(wrong.map((each) => each.split("\n")[0])).toEqual([
      "line 1: exit 1",
      "line 4: the block of line 1 printed",
      "line 7: no block was run before this output",
    ]);
  });

  test("is given up when a block does not end", async () => {
    await using session = await openSession({ timeoutMs: 200 });
    await expect(session.run("sleep 60")).rejects.toThrow("no end within 200 ms");
  });
});

describe("an output block", () => {
  test.each([
    ["the same", "a\nb\n", "a\nb", true],
    ["spaces at the ends", "a", "\na  \n\n", true],
    ["carriage returns, as in the head of an answer", "a\nb", "a\r\nb\r\n", true],
    ["a placeholder in a line", "id evt_… ok", "id evt_01 ok", true],
    ["a placeholder that would need a line break", "a … b", "a\nb", false],
    ["a placeholder for no line", "a\n…\nb", "a\nb", true],
    ["a placeholder for lines", "a\n…\nb", "a\n1\n2\nb", true],
    ["a placeholder at the end", "a\n…", "a\n1\n2", true],
    ["something else", "a", "b", false],
    ["less", "a\nb", "a", false],
    ["more", "a", "a\nb", false],
    ["characters of a pattern", "a.c", "abc", false],
  ])("with %s", (_title, expected, printed, verdict) => {
    expect(matches(expected, printed)).toBe(verdict);
  });
});
