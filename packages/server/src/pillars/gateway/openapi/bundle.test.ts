import { describe, expect, it } from "vitest";
import { folderOf, mistakesOf, read } from "./documents.fixture.ts";
import type { JsonObject } from "./document.ts";

describe("references to other documents", () => {
  const root = `
openapi: 3.0.3
info: {title: Shop, version: '1'}
paths:
  /items:
    $ref: paths.yaml#/items
  /tree:
    get:
      responses:
        '200':
          description: Good
          content: {application/json: {schema: {$ref: 'schemas.yaml#/Tree'}}}
components: {schemas: {Item: {type: string}}}
`;
  const files = {
    "root.yaml": root,
    "paths.yaml":
      "items:\n  get:\n    operationId: listItems\n    responses:\n      '200':\n        description: Good\n        content: {application/json: {schema: {$ref: 'schemas.yaml#/Item'}}}\n",
    "schemas.yaml":
      "Item: {type: object, nullable: true, properties: {own: {$ref: 'root.yaml#/components/schemas/Item'}}}\nTree: {type: object, properties: {left: {$ref: '#/Tree'}, item: {$ref: '#/Item'}}}\n",
  };

  it("are refused unless they are allowed", async () => {
    await using folder = await folderOf(files);
    const mistakes = await mistakesOf("root.yaml", { folder: folder.path });
    expect(mistakes).toHaveLength(2);
    expect(mistakes[0]).toContain("outside the document");
  });

  it("are drawn in once allowed, cycles and names that are taken included", async () => {
    await using folder = await folderOf(files);
    const document = await read("root.yaml", { folder: folder.path, remoteRefs: true });
    expect(document.operations.map(({ id }) => id)).toStrictEqual(["listItems", "GET /tree"]);
    const { schemas } = document.json["components"] as { readonly schemas: JsonObject };
    expect(schemas).toMatchObject({
      Item: { type: "string" },
      Item_2: {
        type: ["object", "null"],
        properties: { own: { $ref: "#/components/schemas/Item" } },
      },
      Tree: {
        properties: {
          left: { $ref: "#/components/schemas/Tree" },
          item: { $ref: "#/components/schemas/Item_2" },
        },
      },
    });
  });

  it("say which file is missing", async () => {
    await using folder = await folderOf({ "root.yaml": root });
    const mistakes = await mistakesOf("root.yaml", { folder: folder.path, remoteRefs: true });
    expect(mistakes.join("\n")).toMatch(
      /\/paths\/~1items\/\$ref the file .*paths\.yaml cannot be read \(ENOENT\)/,
    );
  });
});
