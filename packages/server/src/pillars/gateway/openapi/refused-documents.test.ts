import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderOf, info, mistakesOf, ok, read, shop } from "./documents.fixture.ts";
import type { JsonObject } from "./document.ts";

describe("a document that is refused", () => {
  it.each([
    ["Swagger 2", { swagger: "2.0", info, paths: {} }, '/swagger is Swagger "2.0"'],
    [
      "a later version",
      shop({ openapi: "3.2.0" }),
      '/openapi must be 3.0 or 3.1, as in "3.1.0"; got "3.2.0"',
    ],
    ["no version", { info, paths: {} }, "/openapi must be 3.0 or 3.1"],
    ["a version that is a number", shop({ openapi: 3.1 }), "/openapi must be 3.0 or 3.1"],
    ["no title", shop({ info: undefined }), "/info is missing"],
    ["paths that are a list", shop({ paths: [] }), "/paths must be an object"],
    [
      "a path without its slash",
      shop({ paths: { items: {} } }),
      "/paths/items does not begin with a slash",
    ],
    [
      "a path template of its own kind",
      shop({ paths: { "/{a}{b}": { get: ok } } }),
      "/paths/~1{a}{b} has two parameters with nothing between",
    ],
    ["a query in a path", shop({ paths: { "/a?b=1": { get: ok } } }), "/paths/~1a?b=1 has a query"],
    ["a star in a path", shop({ paths: { "/a/*": { get: ok } } }), "has a *"],
    [
      "an extension nobody knows",
      shop({ "x-portico-auht": "key" }),
      "/x-portico-auht is no extension that Portico knows",
    ],
    [
      "an extension with a wrong value",
      shop({ "x-rate-limit": "not often" }),
      "/x-rate-limit must be a whole number",
    ],
    [
      "a schema that no validator can be made of",
      shop({ components: { schemas: { A: { type: "text" } } } }),
      "/components/schemas/A/type must be a type",
    ],
    [
      "a pattern that is none",
      shop({ components: { schemas: { A: { pattern: "(" } } } }),
      "/components/schemas/A/pattern is no regular expression",
    ],
    [
      "a style that servers read differently",
      shop({ components: { parameters: { A: { name: "a", in: "path", style: "matrix" } } } }),
      "/components/parameters/A/style is matrix",
    ],
    [
      "a dynamic reference",
      shop({ components: { schemas: { A: { $dynamicRef: "#x" } } } }),
      "$dynamicRef is a dynamic reference",
    ],
    [
      "a reference to nothing",
      shop({ components: { schemas: { A: { $ref: "#/components/schemas/B" } } } }),
      "/components/schemas/A/$ref refers to '#/components/schemas/B', which is not there",
    ],
    [
      "a reference to a prototype",
      shop({ components: { schemas: { A: { $ref: "#/components/schemas/constructor" } } } }),
      "which is not there",
    ],
    [
      "a reference to itself",
      shop({ components: { schemas: { A: { $ref: "#/components/schemas/A" } } } }),
      "which refers to itself",
    ],
    [
      "a cycle for one value",
      shop({ components: { schemas: { A: { allOf: [{ $ref: "#/components/schemas/A" }] } } } }),
      "leads back to itself for the same value",
    ],
  ])("for %s says so with its place", async (_title, source, expected) => {
    expect((await mistakesOf(source)).join("\n")).toContain(expected);
  });

  it("tells all of its mistakes at once", async () => {
    const broken = {
      openapi: "3.1.0",
      info,
      paths: {
        "/a": { get: { operationId: "same", ...ok }, post: { operationId: "same", ...ok } },
        "/b/{x}": { get: ok },
        "/b/{y}": { get: ok },
        "/c": { get: { ...ok, parameters: [{ $ref: "other.yaml#/P" }] } },
        "/d/{": { get: ok },
      },
    };
    const mistakes = await mistakesOf(broken);
    expect(mistakes).toHaveLength(4);
    expect(mistakes.join("\n")).toMatch(
      /other\.yaml#\/P', outside the document; allow it with remoteRefs/,
    );
    expect(mistakes).toContainEqual(
      expect.stringContaining(
        "/paths/~1a/post/operationId is 'same', as is the one at /paths/~1a/get",
      ),
    );
    expect(mistakes).toContainEqual(
      expect.stringContaining("/paths/~1b~1{y}/get takes the same paths as /b/{x}"),
    );
    expect(mistakes).toContainEqual(expect.stringContaining("/paths/~1d~1{ has a brace"));
  });

  it.each([
    [
      "twice.json",
      '{"openapi":"3.1.0","openapi":"3.0.0","info":{},"paths":{"/a":{},"\\u002fa":{}}}',
      ["/openapi is there twice", "/paths/~1a is there twice"],
    ],
    [
      "twice.yaml",
      "openapi: 3.1.0\ninfo: {}\npaths:\n  /a: {}\n  /a: {}\n",
      ["/paths/~1a is there twice"],
    ],
    ["bomb.yaml", bomb(), ["stand for more than 100000 nodes"]],
    ["ring.yaml", "a: &a\n  b: *a\n", ["nested deeper than 200 levels"]],
    ["deep.yaml", "[".repeat(100_000), [""]],
    [
      "deep.json",
      `{"a":${"[".repeat(5_000)}${"]".repeat(5_000)}}`,
      ["nested deeper than 200 levels"],
    ],
    ["list.yaml", "- a\n", ["must be an object"]],
    ["broken.yaml", "a: [1\n", ["is not YAML that can be read"]],
    ["tag.yaml", "a: !!js/function x\n", ["is not YAML that can be read"]],
    ["key.yaml", "? [a]\n: 1\n", ["has a key that is no text"]],
    ["two.yaml", "a: 1\n---\nb: 1\n", ["is not YAML that can be read"]],
    ["number.yaml", "a: .inf\n", ["a value that JSON does not have"]],
  ])("%s is no text that two readers would read alike", async (name, text, expected) => {
    await using folder = await folderOf({ [name]: text });
    const mistakes = await mistakesOf(name, { folder: folder.path });
    expect(mistakes.length).toBeGreaterThan(0);
    for (const part of expected) expect(mistakes.join("\n")).toContain(part);
  });

  it("names the file that is missing, too large, no file, or no text", async () => {
    await using folder = await folderOf({ "big.json": "x".repeat(100), "latin.json": "x" });
    await writeFile(join(folder.path, "latin.json"), Buffer.from([0xff, 0xfe, 0x00]));
    const parts = { folder: folder.path, bytesMax: 50 };
    expect(await mistakesOf("none.yaml", parts)).toStrictEqual([
      expect.stringContaining("cannot be read (ENOENT)"),
    ]);
    expect(await mistakesOf("big.json", parts)).toStrictEqual([
      expect.stringContaining("larger than 50 bytes"),
    ]);
    expect(await mistakesOf(".", parts)).toStrictEqual([expect.stringMatching(/no file|EISDIR/)]);
    expect(await mistakesOf("latin.json", parts)).toStrictEqual([
      expect.stringContaining("not text in UTF-8"),
    ]);
  });

  it("keeps `__proto__` a name like any other", async () => {
    await using folder = await folderOf({
      "a.yaml":
        "openapi: 3.1.0\ninfo: {title: a, version: b}\npaths: {}\n__proto__: {polluted: true}\n",
    });
    const document = await read("a.yaml", { folder: folder.path });
    expect(Object.getPrototypeOf(document.json)).toBe(Object.prototype);
    expect(Object.hasOwn(document.json, "__proto__")).toBe(true);
    expect(({} as JsonObject)["polluted"]).toBeUndefined();
  });
});

function bomb(): string {
  const lines = ["a0: &a0 [1,1,1,1,1,1,1,1,1,1]"];
  for (let index = 1; index < 12; index += 1) {
    lines.push(
      `a${index}: &a${index} [${Array.from({ length: 10 }, () => `*a${index - 1}`).join(",")}]`,
    );
  }
  return lines.join("\n");
}
