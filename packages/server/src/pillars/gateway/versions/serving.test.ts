import { describe, expect, it } from "vitest";
import { fronting } from "../fronting.fixture.ts";
import { httpUpstream } from "../upstreams.fixture.ts";
import type { Upstream } from "../upstreams.fixture.ts";
import { defineVersionChange } from "./change.ts";
import type { VersionChange } from "./change.ts";

/** Answers what it got: the newest form of a person. */
const people = (): Promise<Upstream> =>
  httpUpstream((request, response) => {
    const { url = "", headers } = request;
    if (url.startsWith("/plain")) {
      response.writeHead(200, { "content-type": "text/plain" });
      response.end("plain");
      return;
    }
    if (url.startsWith("/broken")) {
      response.writeHead(200, { "content-type": "application/json" });
      response.end("{not json");
      return;
    }
    if (url.startsWith("/events")) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end('data: {"firstName":"Ada"}\n\n');
      return;
    }
    if (url.startsWith("/large")) {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ firstName: "A".repeat(5_000), lastName: "B" }));
      return;
    }
    if (url.startsWith("/missing")) {
      response.writeHead(404, { "content-type": "application/problem+json" });
      response.end('{"title":"none"}');
      return;
    }
    response.writeHead(200, { "content-type": "application/json", etag: '"1"', deprecation: "@1" });
    response.end(
      JSON.stringify({ firstName: "Ada", lastName: "Lovelace", asked: headers["api-version"] }),
    );
  });

interface Newer {
  firstName: string;
  lastName: string;
  asked?: string;
}
interface Older {
  name: string;
  asked?: string;
}

const splitName = defineVersionChange<Newer | Older, Newer | Older>({
  description: "name became firstName and lastName",
  request(message) {
    const { body } = message;
    if (body === undefined || !("name" in body)) return;
    const [firstName = "", lastName = ""] = body.name.split(" ");
    message.body = { firstName, lastName };
    message.query.rename("page_size", "limit");
    message.headers.set("X-Migrated", "yes");
  },
  response(message) {
    const { body } = message;
    if (body === undefined || !("firstName" in body)) return;
    const { firstName, lastName, ...rest } = body;
    message.body = { ...rest, name: `${firstName} ${lastName}` };
  },
});
const movePath = defineVersionChange({
  description: "/people became /persons",
  request(message) {
    message.path = message.path.replace(/^\/people/, "/persons");
  },
});

/** Why a server with such an API does not start. */
const startFault = async (
  upstream: { readonly url: string },
  settings: Record<string, unknown>,
): Promise<string> => {
  const started = fronting(upstream, settings);
  const error: unknown = await started.then(
    (app) => app.stop(1_000),
    (reason: unknown) => reason,
  );
  return error instanceof Error ? String(error.cause) : "it started";
};

const versions = [
  { id: "2025-01-15" },
  { id: "2026-03-01", changes: [splitName] },
  { id: "2026-11-01", changes: movePath },
];
const key = { kind: "key", subject: "key_1", permissions: [] } as const;
const json = { "content-type": "application/json" };

type Broken = Pick<VersionChange, "request" | "response"> & { readonly path?: string };

describe("an API with versions", () => {
  it("serves the current one to whom asks for none, and says so", async () => {
    await using upstream = await people();
    await using app = await fronting(upstream, { versions });
    const reply = await fetch(`${app.url}/people`);
    expect(reply.headers.get("api-version")).toBe("2026-11-01");
    expect(reply.headers.get("vary")).toContain("Api-Version");
    expect(await reply.json()).toStrictEqual({
      firstName: "Ada",
      lastName: "Lovelace",
      asked: "2026-11-01",
    });
    expect(upstream.seen[0]?.headers["portico-caller-version"]).toBeUndefined();
  });

  it("takes an older request up through every change, and its reply down", async () => {
    await using upstream = await people();
    await using app = await fronting(upstream, { versions, basePath: "/crm", stripBasePath: true });
    const reply = await fetch(`${app.url}/crm/people?page_size=5&a=%7e`, {
      method: "POST",
      headers: {
        ...json,
        "api-version": "2025-06-30",
        "accept-encoding": "gzip",
        range: "bytes=0-1",
      },
      body: '{"name":"Ada Lovelace"}',
    });
    expect(reply.status).toBe(200);
    expect(reply.headers.get("api-version")).toBe("2025-01-15");
    expect(reply.headers.get("etag")).toBe('"1"');
    expect(await reply.json()).toStrictEqual({ name: "Ada Lovelace", asked: "2026-11-01" });
    const [seen] = upstream.seen;
    expect(seen?.url).toBe("/persons?limit=5&a=%7e");
    expect(seen?.body).toBe('{"firstName":"Ada","lastName":"Lovelace"}');
    expect(seen?.headers["content-length"]).toBe(String(seen?.body.length));
    expect(seen?.headers).toMatchObject({
      "api-version": "2026-11-01",
      "portico-caller-version": "2025-01-15",
      "x-migrated": "yes",
      "accept-encoding": "identity",
    });
    expect(seen?.headers["range"]).toBeUndefined();
  });

  it("chooses by the path before the header, and the header before the key's pin", async () => {
    await using upstream = await people();
    const words = [{ id: "v1" }, { id: "v2" }, { id: "v3" }];
    await using app = await fronting(upstream, {
      versions: words,
      currentVersion: "v2",
      auth: "key",
    });
    const pinned = app.as({ ...key, pins: { shop: "v1" } }).headers;
    const chosen = async (path: string, headers: Record<string, string>) =>
      (await fetch(`${app.url}${path}`, { headers })).headers.get("api-version");
    expect(await chosen("/v3/a", { ...pinned, "api-version": "v2" })).toBe("v3");
    expect(await chosen("/a", { ...pinned, "api-version": "v3" })).toBe("v3");
    expect(await chosen("/a", { ...pinned, "api-version": "v2" })).toBe("v2");
    expect(await chosen("/a", pinned)).toBe("v1");
    expect(await chosen("/a", app.as(key).headers)).toBe("v2");
    expect(upstream.seen.map(({ url }) => url)).toStrictEqual(["/a", "/a", "/a", "/a", "/a"]);
    expect(upstream.seen.map(({ headers }) => headers["api-version"])).toStrictEqual([
      "v3",
      "v3",
      "v2",
      "v2",
      "v2",
    ]);
  });

  it("is refused with what there is when a version is unknown, wherever it was named", async () => {
    await using upstream = await people();
    await using app = await fronting(upstream, { versions, auth: "key" });
    const { headers } = app.as(key);
    const pinned = app.as({ ...key, pins: { shop: "v7" } }).headers;
    for (const [path, sent] of [
      ["/v9/people", headers],
      ["/2024-01-01/people", headers],
      ["/people", { ...headers, "api-version": "2024-12-31" }],
      ["/people", { ...headers, "api-version": "2026-02-30" }],
      ["/people", { ...headers, "api-version": "x".repeat(500) }],
      ["/people", pinned],
    ] as const) {
      const reply = await fetch(`${app.url}${path}`, { headers: sent });
      expect(reply.status).toBe(400);
      expect(await reply.json()).toMatchObject({
        code: "gateway.versionUnknown",
        versions: ["2025-01-15", "2026-03-01", "2026-11-01"],
        currentVersion: "2026-11-01",
      });
    }
    expect(upstream.seen).toHaveLength(0);
  });

  it("reads header and path as it is told to, and passes neither on", async () => {
    await using upstream = await people();
    const from = { path: "/api/{version}", header: "X-Shop-Version", pin: false };
    await using app = await fronting(upstream, { versions, versionFrom: from });
    const byPath = await fetch(`${app.url}/api/2026-03-01/people`);
    expect(byPath.headers.get("x-shop-version")).toBe("2026-03-01");
    const byHeader = await fetch(`${app.url}/people`, {
      headers: { "x-shop-version": "2026-03-01", "portico-caller-version": "forged" },
    });
    expect(byHeader.headers.get("x-shop-version")).toBe("2026-03-01");
    const other = await fetch(`${app.url}/people`, { headers: { "api-version": "v77" } });
    expect(other.status).toBe(200);
    expect(JSON.stringify(upstream.seen)).not.toContain("forged");
    expect(upstream.seen[1]?.headers["x-shop-version"]).toBe("2026-11-01");
  });

  it("has routes, permissions and upstreams of each version", async () => {
    await using upstream = await people();
    await using legacy = await httpUpstream((_request, response) => response.end("legacy"));
    await using app = await fronting(upstream, {
      auth: "key",
      routes: [{ path: "/people", permissions: ["people:read"] }],
      versions: [
        { id: "v1", upstream: `${legacy.url}/old`, routes: [{ path: "/folk/{id}" }] },
        { id: "v2", changes: movePath },
      ],
    });
    const { headers } = app.as(key);
    const old = await fetch(`${app.url}/v1/folk/7`, { headers });
    expect(await old.text()).toBe("legacy");
    expect(legacy.seen[0]?.url).toBe("/old/folk/7");
    expect(legacy.seen[0]?.headers["api-version"]).toBe("v1");
    expect((await fetch(`${app.url}/v1/people`, { headers })).status).toBe(404);
    expect((await fetch(`${app.url}/people`, { headers })).status).toBe(403);
    expect((await fetch(`${app.url}/v2/folk/7`, { headers })).status).toBe(404);
    const routes = await app.as({ instancePermissions: ["gateway:read"] }).get("/gateway/routes");
    expect(routes.json()).toMatchObject({
      data: [
        { path: "/folk/{id}", version: "v1", deprecated: false },
        { path: "/people", version: "v2" },
      ],
    });
  });

  it("streams what is not JSON untouched, and leaves error replies alone", async () => {
    await using upstream = await people();
    await using app = await fronting(upstream, { versions });
    const headers = { "api-version": "2025-01-15" };
    const get = async (path: string) => (await fetch(`${app.url}${path}`, { headers })).text();
    expect(await get("/plain")).toBe("plain");
    expect(await get("/events")).toBe('data: {"firstName":"Ada"}\n\n');
    expect(await get("/missing")).toBe('{"title":"none"}');
    const upload = await fetch(`${app.url}/people`, {
      method: "POST",
      headers: { ...headers, "content-type": "text/csv" },
      body: "a,b\n1.0,2",
    });
    expect(upload.status).toBe(200);
    expect(upstream.seen.at(-1)?.body).toBe("a,b\n1.0,2");
  });

  it("refuses what is not JSON where it is told to, and what lies about it always", async () => {
    await using upstream = await people();
    await using app = await fronting(upstream, {
      versions,
      versionBodies: { notJson: "refuse", bytesMax: 2_048 },
    });
    const headers = { ...json, "api-version": "2025-01-15" };
    const send = async (path: string, init: RequestInit = {}) => {
      const reply = await fetch(`${app.url}${path}`, { headers, ...init });
      return `${reply.status} ${((await reply.json()) as { code?: string }).code}`;
    };
    const post = (body: string, extra: Record<string, string> = {}) =>
      send("/people", { method: "POST", body, headers: { ...headers, ...extra } });
    expect(await send("/plain")).toBe("502 gateway.replyNotJson");
    expect(await send("/events")).toBe("502 gateway.replyNotJson");
    expect(await send("/broken")).toBe("502 gateway.replyNotJson");
    expect(await send("/large")).toBe("502 gateway.replyNotChangeable");
    const before = upstream.seen.length;
    expect(await post("a,b", { "content-type": "text/csv" })).toBe("415 gateway.bodyNotChangeable");
    expect(await post("{}", { "content-encoding": "gzip" })).toBe("415 gateway.bodyNotChangeable");
    expect(await post("{not json")).toBe("400 gateway.bodyNotJson");
    expect(await post("[".repeat(2_000))).toBe("400 gateway.bodyNotJson");
    expect(await post(JSON.stringify("x".repeat(3_000)))).toBe("413 gateway.bodyTooLarge");
    expect(upstream.seen).toHaveLength(before);
  });

  it.each<[string, Broken, string, number]>([
    [
      "request throws",
      { request: () => void JSON.parse("{") },
      "500 gateway.versionChangeFailed",
      0,
    ],
    ["reply throws", { response: () => void JSON.parse("{") }, "502 gateway.versionReplyFailed", 1],
    [
      "reply has no JSON form",
      { response: (message) => void (message.body = () => undefined) },
      "502 gateway.versionReplyFailed",
      1,
    ],
    [
      "reply of plain text is given a body",
      { response: (message) => void (message.body = {}), path: "/plain" },
      "502 gateway.versionReplyFailed",
      1,
    ],
    [
      "request has no JSON form",
      { request: (message) => void (message.body = { a: 1n }) },
      "500 gateway.versionChangeFailed",
      0,
    ],
  ])(
    "answers a stable code and forwards nothing half-changed when a %s",
    async (_title, change, want, calls) => {
      await using upstream = await people();
      const { path = "/people", ...rest } = change;
      await using app = await fronting(upstream, {
        versions: [{ id: "v1" }, { id: "v2", changes: { description: "bad", ...rest } }],
      });
      const reply = await fetch(`${app.url}/v1${path}`, {
        method: "POST",
        headers: json,
        body: '{"a":1}',
      });
      expect(`${reply.status} ${((await reply.json()) as { code: string }).code}`).toBe(want);
      expect(upstream.seen).toHaveLength(calls);
      expect((await fetch(`${app.url}/v2/people`)).status).toBe(200);
    },
  );

  it("loads changes from files beside the configuration, and refuses those that are none", async () => {
    const { mkdtemp, writeFile, rm } = await import("node:fs/promises");
    const { join } = await import("node:path");
    const { tmpdir } = await import("node:os");
    const folder = await mkdtemp(join(tmpdir(), "portico-changes-"));
    try {
      const file = join(folder, "v2.ts");
      await writeFile(
        file,
        'export default { description: "marks", response(message: { body: unknown }) { message.body = { old: true }; } };',
      );
      await writeFile(join(folder, "empty.ts"), "export const a = 1;");
      await writeFile(join(folder, "bad.ts"), "export default { description: 'x' };");
      await using upstream = await people();
      await using app = await fronting(upstream, {
        versions: [{ id: "v1" }, { id: "v2", changes: file }],
      });
      expect(await (await fetch(`${app.url}/v1/people`)).json()).toStrictEqual({ old: true });
      for (const name of ["gone.ts", "empty.ts", "bad.ts"]) {
        const changes = join(folder, name);
        const versions = [{ id: "v1" }, { id: "v2", changes }];
        expect(await startFault(upstream, { versions })).toContain(name);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    [{ versions: [{ id: "v1" }, { id: "v1" }] }, "two versions have the id"],
    [{ versions: [{ id: "2026-03-01" }, { id: "2025-03-01" }] }, "oldest first"],
    [{ versions: [{ id: "2026-02-30" }] }, "no day of the calendar"],
    [{ versions: [{ id: "v1" }], currentVersion: "v2" }, "none of its versions"],
    [{ versions: [{ id: "v1", changes: splitName }] }, "first version"],
    [{ versions: [{ id: "v1" }, { id: "v2", changes: { description: "x" } }] }, "neither request"],
    [{ versions: [{ id: "v1", successor: "v9" }] }, "neither a version"],
    [{ versions: [{ id: "v1", deprecatedAt: "2026-02-01", sunsetAt: "2026-01-01" }] }, "RFC 9745"],
    [{ versions: [{ id: "v1" }], versionFrom: { path: "/x{version}" } }, "no template"],
    [{ versions: [{ id: "v1", upstream: "http://user@host" }] }, "its upstream"],
    [{ routes: [{ path: "/a", deprecatedAt: "2026-02-01", sunsetAt: "2026-01-01" }] }, "RFC 9745"],
  ])("is not started from %j", async (settings, text) => {
    expect(await startFault({ url: "http://127.0.0.1:1" }, settings)).toContain(text);
  });
});
