// An OpenAPI document becomes an API over the command line's verb, in one revision; what is wrong with it changes nothing.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { importDocument } from "./import-document.ts";
import { tableApp } from "./table.fixture.ts";
import { httpUpstream } from "./upstreams.fixture.ts";

const document = (paths: Record<string, unknown>): string =>
  JSON.stringify({ openapi: "3.1.0", info: { title: "Shop", version: "1" }, paths });
const reply = { responses: { 200: { description: "OK" } } };

it("imports a document as one API, again as another document, and nothing of one that is wrong", async () => {
  await using upstream = await httpUpstream((_request, response) => response.end("ok"));
  await using server = await tableApp();
  const folder = await mkdtemp(join(tmpdir(), "portico-import-"));
  const ctx = server.app.context("gateway");
  const given = { api: "shop", basePath: "/shop", auth: undefined };
  const run = async (text: string, to?: string) => {
    const source = join(folder, "openapi.json");
    await writeFile(source, text);
    return importDocument(ctx, { ...given, source, upstream: to }, ctx.newOrigin("cli"));
  };
  const first = document({
    "/items/{id}": { get: reply, delete: reply },
    "/items": { get: reply },
  });
  await expect(run(first)).rejects.toMatchObject({ code: "gateway.importUpstream" });
  expect(await run(first, upstream.url)).toMatchObject({ title: "Shop", routes: 3, revision: 1 });
  const status = async (path: string): Promise<number> =>
    (await fetch(`${server.url}/shop${path}`)).status;
  expect([await status("/items/7"), await status("/other")]).toEqual([200, 404]);
  expect(await run(document({ "/other": { get: reply } }))).toMatchObject({
    routes: 1,
    revision: 2,
  });
  expect([await status("/items/7"), await status("/other")]).toEqual([404, 200]);
  await expect(run('{"openapi":"3.1.0","paths":{"/x":7}}')).rejects.toMatchObject({
    code: "gateway.invalid",
  });
  expect(await status("/other")).toBe(200);
  // A route may be added beside those of the document, which does not open the rest.
  await server.operator.post("/gateway/routes", { path: "/added" });
  expect([await status("/added"), await status("/else")]).toEqual([200, 404]);
  const listed = await server.operator.get("/gateway/revisions");
  expect(listed.json()).toMatchObject({ data: [{ cause: "change" }, { cause: "import" }, {}] });
  await rm(folder, { recursive: true });
});
