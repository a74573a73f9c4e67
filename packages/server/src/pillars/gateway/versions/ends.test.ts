import { createTestApp, describeStore, fakeClock } from "portico/testing";
import { describe, expect, it } from "vitest";
import { gateway } from "../plugin.ts";
import { httpUpstream } from "../upstreams.fixture.ts";
import type { Upstream } from "../upstreams.fixture.ts";

const people = (): Promise<Upstream> =>
  httpUpstream((_request, response) => {
    response.writeHead(200, { deprecation: "@1" });
    response.end("people");
  });

describe("a version that ends", () => {
  const day = 86_400_000;
  const start = Date.UTC(2026, 0, 1);
  const at = (ms: number) => new Date(ms).toISOString();
  const served = async (clock: ReturnType<typeof fakeClock>, upstream: Upstream) => {
    const app = await createTestApp({
      plugins: [gateway()],
      clock,
      settings: {
        gateway: {
          apis: [
            {
              id: "shop",
              upstream: upstream.url,
              routes: [
                { path: "/people" },
                { path: "/faxes", deprecatedAt: "2025-06-01", successor: "https://a.test/mail" },
              ],
              versions: [
                {
                  id: "v1",
                  deprecatedAt: at(start),
                  sunsetAt: at(start + 10 * day),
                  successor: "v2",
                  link: "https://a.test/ends",
                  brownouts: [{ from: at(start + day), to: at(start + day + 90_500) }],
                },
                { id: "v2" },
              ],
            },
          ],
        },
      },
    });
    const { url } = await app.listen("127.0.0.1", 0);
    return Object.assign(app, { url, [Symbol.asyncDispose]: () => app.stop(1_000) });
  };

  it("says so in every reply, takes its breaks to the millisecond, and is gone afterwards", async () => {
    const clock = fakeClock(start);
    await using upstream = await people();
    await using app = await served(clock, upstream);
    const get = () => fetch(`${app.url}/v1/people`);
    const soon = await get();
    expect(soon.headers.get("deprecation")).toBe(`@${start / 1_000}`);
    expect(soon.headers.get("sunset")).toBe("Sun, 11 Jan 2026 00:00:00 GMT");
    expect(soon.headers.get("link")).toBe(
      '<https://a.test/ends>; rel="deprecation", <https://a.test/ends>; rel="sunset", </v2/people>; rel="successor-version"',
    );
    await clock.advance(day - 1);
    expect((await get()).status).toBe(200);
    await clock.advance(1);
    const away = await get();
    expect(away.status).toBe(503);
    expect(away.headers.get("retry-after")).toBe("91");
    expect(away.headers.get("deprecation")).toBe(`@${start / 1_000}`);
    expect(await away.json()).toMatchObject({ code: "gateway.brownout" });
    await clock.advance(90_499);
    expect((await get()).headers.get("retry-after")).toBe("1");
    await clock.advance(1);
    expect((await get()).status).toBe(200);
    await clock.advance(9 * day - 90_500 - 1);
    expect((await get()).status).toBe(200);
    await clock.advance(1);
    const gone = await get();
    expect(gone.status).toBe(410);
    expect(await gone.json()).toMatchObject({
      code: "gateway.versionSunset",
      detail: expect.stringContaining("Use /v2/people") as unknown,
    });
    expect(gone.headers.get("link")).toContain('</v2/people>; rel="successor-version"');
    const current = await fetch(`${app.url}/people`);
    expect(current.status).toBe(200);
    // The upstream's own word, since nothing of ours contradicts it.
    expect(current.headers.get("deprecation")).toBe("@1");
  });

  it("says of an outdated route what is its own", async () => {
    await using upstream = await people();
    await using app = await served(fakeClock(start), upstream);
    const reply = await fetch(`${app.url}/v2/faxes`);
    expect(reply.headers.get("deprecation")).toBe(`@${Date.UTC(2025, 5, 1) / 1_000}`);
    expect(reply.headers.get("sunset")).toBeNull();
    expect(reply.headers.get("link")).toBe('<https://a.test/mail>; rel="successor-version"');
  });
});

describeStore("callers of versions", (open) => {
  it("are known by key, with counts and last call, over restarts and a clock set back", async () => {
    const clock = fakeClock(Date.UTC(2026, 0, 1));
    await using upstream = await people();
    await using database = await open({ clock });
    const apis = [
      {
        id: "shop",
        upstream: upstream.url,
        auth: "key",
        versions: [{ id: "v1", deprecatedAt: "2025-01-01" }, { id: "v2" }],
      },
      {
        id: "fax",
        basePath: "/fax",
        upstream: upstream.url,
        routes: [{ path: "/a", deprecated: true }],
      },
    ];
    const app = await createTestApp({
      plugins: [gateway()],
      clock,
      driver: database.driver,
      settings: { gateway: { apis } },
    });
    const { url } = await app.listen("127.0.0.1", 0);
    const call = async (subject: string, path: string, organization = "default") => {
      const { headers } = app.as({ kind: "key", subject, organization, permissions: [] });
      await (await fetch(`${url}${path}`, { headers })).text();
    };
    const callers = async (version: string, query = "") => {
      const operator = app.as({ instancePermissions: ["gateway:read"] });
      const reply = await operator.get(`/gateway/versions/${version}/callers${query}`);
      expect(reply.status).toBe(200);
      return reply.json() as { data: Record<string, unknown>[]; next: string | null };
    };
    const flushed = async () => {
      await clock.advance(5_000);
      await expect.poll(async () => (await callers("v1")).data.length).toBeGreaterThan(0);
    };
    await call("key_a", "/v1/people");
    await call("key_a", "/v1/people");
    await call("key_b", "/v1/people", "acme");
    await call("key_c", "/people");
    await call("key_d", "/fax/a");
    await flushed();
    expect((await callers("v1")).data).toMatchObject([
      { api: "shop", organization: "acme", subject: "key_b", kind: "key", calls: 1, route: null },
      { organization: "default", subject: "key_a", calls: 2, firstAt: "2026-01-01T00:00:00.000Z" },
    ]);
    expect((await callers("v2")).data).toMatchObject([{ subject: "key_c", calls: 1 }]);
    expect((await callers("unversioned", "?api=fax")).data).toMatchObject([
      { api: "fax", subject: "anonymous", route: "fax /fax/a", calls: 1 },
    ]);
    clock.set(clock.now() - 3_600_000);
    await call("key_a", "/v1/people");
    await clock.advance(5_000);
    await expect
      .poll(async () => (await callers("v1", "?organization=default")).data[0]?.["calls"])
      .toBe(3);
    const [first] = (await callers("v1", "?organization=default")).data;
    expect(first).toMatchObject({ lastAt: "2026-01-01T00:00:00.000Z" });
    const page = await callers("v1", "?limit=1");
    expect(page.data).toMatchObject([{ subject: "key_b" }]);
    const rest = await callers("v1", `?limit=1&cursor=${page.next ?? ""}`);
    expect(rest.data).toMatchObject([{ subject: "key_a" }]);
    expect(rest.next).toBeNull();
    const stranger = await app.as().get("/gateway/versions/v1/callers");
    expect(stranger.status).toBe(403);
    await app.stop(1_000);
  });
});
