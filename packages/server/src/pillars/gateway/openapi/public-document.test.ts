import { describe, expect, it } from "vitest";
import type { JsonObject } from "./document.ts";
import { info, ok, read, shop } from "./documents.fixture.ts";
import { publicDocument } from "./public-document.ts";

describe("a document as callers see it", () => {
  it("is reached through Portico, asks for its credentials, and says nothing that was said to Portico", async () => {
    const document = await read({
      ...shop({ servers: [{ url: "https://inside.example.com" }], "x-portico-auth": "key" }),
      paths: {
        "/a": {
          servers: [{ url: "https://inside.example.com" }],
          get: { ...ok, operationId: "a", "x-rate-limit": 5 },
          post: { ...ok, "x-portico-hidden": true },
        },
        "/b": { get: { ...ok, "x-portico-hidden": true } },
        "/c": { get: { ...ok, "x-portico-auth": "none" } },
        "/d": { $ref: "#/components/pathItems/D" },
      },
      components: { pathItems: { D: { get: { ...ok, "x-portico-auth": "token" } } } },
    });
    const shown = publicDocument(document, {
      serverUrl: "https://api.example.com/shop",
      version: "v2",
    });
    expect(JSON.stringify(shown)).not.toMatch(/inside\.example|x-portico/);
    expect(shown["servers"]).toStrictEqual([{ url: "https://api.example.com/shop" }]);
    expect(shown["info"]).toStrictEqual({ ...info, version: "v2" });
    const paths = shown["paths"] as Record<string, Record<string, JsonObject>>;
    expect(Object.keys(paths)).toStrictEqual(["/a", "/c", "/d"]);
    expect(Object.keys(paths["/a"] ?? {})).toStrictEqual(["get"]);
    expect(paths["/a"]?.["get"]?.["security"]).toStrictEqual([
      { porticoKey: [] },
      { porticoBearer: [] },
    ]);
    expect(paths["/c"]?.["get"]?.["security"]).toStrictEqual([]);
    expect(paths["/d"]?.["get"]?.["security"]).toStrictEqual([{ porticoBearer: [] }]);
    expect(paths["/a"]?.["get"]?.["x-rate-limit"]).toBe(5);
  });
});
