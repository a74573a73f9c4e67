// APIs that take every path below their base path, beside each other.
import { describe, expect, it } from "vitest";
import { tableApp } from "./table.fixture.ts";

describe("APIs that take every path", () => {
  it("lists every API that takes all paths, and finds the route of each", async () => {
    const upstream = "http://127.0.0.1:9";
    const apis = ["one", "two"].map((id) => ({ id, basePath: `/${id}`, upstream, auth: "key" }));
    await using gate = await tableApp({ apis });
    expect(gate.face.getActiveRoutes().map(({ path }) => path)).toEqual(["/one/*", "/two/*"]);
    expect(gate.face.getDocumentation()?.routes.map(({ path }) => path)).toEqual([
      "/one/*",
      "/two/*",
    ]);
    const valid = gate.face.validateRequest({ method: "GET", path: "/one/x" });
    expect(valid).toMatchObject({ valid: true, route: { api: "one", path: "/one/*" } });
  });
});
