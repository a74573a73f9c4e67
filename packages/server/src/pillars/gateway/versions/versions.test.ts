import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MessageHeaders, MessageQuery } from "../message/index.ts";
import { chainFor, climb, descend } from "./chain.ts";
import type { ChainLink } from "./chain.ts";
import { asVersionChange, defineVersionChange } from "./change.ts";
import type { ReplyMessage, RequestMessage } from "../message/index.ts";
import type { VersionChange } from "./change.ts";
import { compilePathVersion, indexVersions, pathInVersion, readPathVersion } from "./choose.ts";
import { brownoutEnd, lifecycleFields, mergeLifecycles, readLifecycle } from "./lifecycle.ts";
import type { LifecycleSettings } from "./settings.ts";

const dates = indexVersions(["2025-01-15", "2026-03-01", "2026-11-01"]);

describe("the version that a wish means", () => {
  it.each([
    ["2026-03-01", "2026-03-01"],
    ["2026-03-02", "2026-03-01"],
    ["2026-02-28", "2025-01-15"],
    ["2099-01-01", "2026-11-01"],
    ["2025-01-14", undefined],
    ["2026-02-30", undefined],
    ["2026-13-01", undefined],
    ["v2", undefined],
    ["2026-3-1", undefined],
    ["", undefined],
    ["2026-03-01, 2026-11-01", undefined],
    ["__proto__", undefined],
  ])("of '%s' is %s", (wanted, found) => {
    expect(dates.find(wanted)).toBe(found);
  });

  it("of a date is never younger than the date, and of words only the word itself", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }),
        (day) => {
          const wanted = day.toISOString().slice(0, 10);
          const found = dates.find(wanted);
          expect(found === undefined ? wanted < "2025-01-15" : found <= wanted).toBe(true);
        },
      ),
    );
    const words = indexVersions(["v1", "v2"]);
    expect(words.find("V2")).toBeUndefined();
    expect(words.find("2026-01-01")).toBeUndefined();
  });
});

describe("a version in the path", () => {
  const words = indexVersions(["v1", "v2", "beta"]);
  const template = (text: string, base = "/shop") => {
    const compiled = compilePathVersion(text, base);
    if (typeof compiled === "string") throw new Error(compiled);
    return compiled;
  };
  it.each([
    ["/{version}", "/shop", "/shop/v2/items/7", "v2", "/shop/items/7"],
    ["/{version}", "/shop", "/shop/v2", "v2", "/shop"],
    ["/{version}", "/shop", "/shop/v2/", "v2", "/shop/"],
    ["/{version}", "/", "/v2", "v2", "/"],
    ["/{version}", "/", "/v9/items", "v9", "/items"],
    ["/{version}", "/", "/beta/items", "beta", "/items"],
    ["/{version}", "/", "/2026-01-01/items", "2026-01-01", "/items"],
    ["/api/{version}", "/", "/api/v1/items", "v1", "/items"],
    ["/{version}/api", "/shop", "/shop/v1/api/items", "v1", "/shop/items"],
  ])("%s below %s of %s is %s", (text, base, path, wanted, rest) => {
    expect(readPathVersion(path, template(text, base), words)).toStrictEqual({
      wanted,
      path: rest,
    });
  });

  it.each([
    ["/{version}", "/shop", "/shop/items/v2"],
    ["/{version}", "/shop", "/shopping/v2"],
    ["/{version}", "/shop", "/shop/v2x/items"],
    ["/{version}", "/shop", "/shop"],
    ["/{version}/api", "/shop", "/shop/v1/apis"],
    ["/api/{version}", "/", "/v1/items"],
  ])("%s below %s is not in %s", (text, base, path) => {
    expect(readPathVersion(path, template(text, base), words)).toBeUndefined();
  });

  it.each([
    "/v",
    "{version}",
    "/{version}/{version}",
    "/x{version}",
    "/{version}x",
    "/{version}/",
    "/*/{version}",
  ])("is not found by the template %s, which is refused", (text) =>
    expect(compilePathVersion(text, "/")).toContain("is no template"),
  );

  it("is put back where it was taken from", () => {
    for (const text of ["/{version}", "/api/{version}", "/{version}/api"]) {
      for (const base of ["/", "/shop"]) {
        const path = pathInVersion(
          base === "/" ? "/items/7" : "/shop/items/7",
          "v1",
          template(text, base),
        );
        expect(readPathVersion(path, template(text, base), words)?.path).toBe(
          base === "/" ? "/items/7" : "/shop/items/7",
        );
      }
    }
  });
});

const lifecycleOf = (settings: LifecycleSettings) => {
  const mistakes: string[] = [];
  return { lifecycle: readLifecycle(settings, "version 'v1'", mistakes), mistakes };
};

describe("what ends", () => {
  it("says so in the forms of RFC 9745, RFC 8594 and RFC 8288", () => {
    const { lifecycle, mistakes } = lifecycleOf({
      deprecatedAt: "2023-06-30T23:59:59Z",
      sunsetAt: "2024-06-30T23:59:59Z",
      link: "https://example.com/ends",
    });
    expect(mistakes).toStrictEqual([]);
    expect(lifecycle && lifecycleFields(lifecycle, "/v2/items")).toStrictEqual([
      "Deprecation",
      "@1688169599",
      "Sunset",
      "Sun, 30 Jun 2024 23:59:59 GMT",
      "Link",
      '<https://example.com/ends>; rel="deprecation", <https://example.com/ends>; rel="sunset", </v2/items>; rel="successor-version"',
    ]);
  });

  it.each<[string, LifecycleSettings, string]>([
    [
      "sunset before deprecation",
      { deprecatedAt: "2026-02-01", sunsetAt: "2026-01-31" },
      "RFC 9745",
    ],
    ["no day", { sunsetAt: "2026-02-30" }, "no day or time"],
    ["no time", { deprecatedAt: "2026-02-01T25:00:00Z" }, "no day or time"],
    ["a brownout backwards", { brownouts: [{ from: "2026-02-02", to: "2026-02-01" }] }, "ends"],
    ["an endless brownout", { brownouts: [{ everyMs: 5_000, lastsMs: 5_000 }] }, "never ends"],
  ])("is refused with %s", (_title, settings, text) => {
    expect(lifecycleOf(settings).mistakes).toStrictEqual([expect.stringContaining(text)]);
  });

  it("may end in the moment it is deprecated, and of version and route the earlier holds", () => {
    expect(lifecycleOf({ deprecatedAt: "2026-02-01", sunsetAt: "2026-02-01" }).mistakes).toEqual(
      [],
    );
    const version = lifecycleOf({ deprecatedAt: "2026-02-01", sunsetAt: "2027-01-01" }).lifecycle;
    const route = lifecycleOf({ deprecated: true, sunsetAt: "2026-06-01" }).lifecycle;
    const merged = mergeLifecycles(version, route);
    expect(merged?.deprecatedMs).toBe(Date.UTC(2026, 1, 1));
    expect(merged?.sunsetMs).toBe(Date.UTC(2026, 5, 1));
    expect(mergeLifecycles(undefined, undefined)).toBeUndefined();
  });
});

describe("a brownout", () => {
  const { lifecycle } = lifecycleOf({
    deprecatedAt: "2026-01-01",
    brownouts: [
      { from: "2026-02-01T10:00:00Z", to: "2026-02-01T10:05:00Z" },
      { everyMs: 3_600_000, lastsMs: 60_000, from: "2026-03-01", to: "2026-03-02T00:00:30Z" },
    ],
  });
  const brownouts = lifecycle?.brownouts ?? [];
  const at = (text: string) => Date.parse(text);
  it.each([
    ["2026-02-01T09:59:59.999Z", undefined],
    ["2026-02-01T10:00:00.000Z", "2026-02-01T10:05:00.000Z"],
    ["2026-02-01T10:04:59.999Z", "2026-02-01T10:05:00.000Z"],
    ["2026-02-01T10:05:00.000Z", undefined],
    ["2026-02-28T23:59:59.999Z", undefined],
    ["2026-03-01T00:00:00.000Z", "2026-03-01T00:01:00.000Z"],
    ["2026-03-01T05:00:59.999Z", "2026-03-01T05:01:00.000Z"],
    ["2026-03-01T05:01:00.000Z", undefined],
    ["2026-03-02T00:00:29.999Z", "2026-03-02T00:00:30.000Z"],
    ["2026-03-02T00:00:30.000Z", undefined],
  ])("at %s is over at %s", (now, end) => {
    expect(brownoutEnd(brownouts, at(now))).toBe(end === undefined ? undefined : at(end));
  });

  it("depends on nothing but the time it is asked at, were the clock set back", () => {
    const inside = at("2026-02-01T10:01:00Z");
    const first = brownoutEnd(brownouts, inside);
    expect(brownoutEnd(brownouts, at("2026-02-01T10:06:00Z"))).toBeUndefined();
    expect(brownoutEnd(brownouts, inside)).toBe(first);
  });

  it("ends after now and within its length, whenever it is asked", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 1e9 }), fc.nat(4e12), (everyMs, now) => {
        const lastsMs = Math.ceil(everyMs / 2);
        const rhythm = [{ fromMs: 0, toMs: Number.POSITIVE_INFINITY, everyMs, lastsMs }];
        const end = brownoutEnd(rhythm, now);
        expect(end === undefined).toBe(now % everyMs >= lastsMs);
        expect(end === undefined || (end > now && end - now <= lastsMs)).toBe(true);
      }),
    );
  });
});

const link = (version: string, change: VersionChange): ChainLink => ({
  version,
  module: `./changes/${version}.ts`,
  change,
});
const requestOf = (body: unknown, path = "/people"): RequestMessage => ({
  method: "POST",
  params: {},
  path,
  query: new MessageQuery(""),
  headers: new MessageHeaders([]),
  body,
});
const replyOf = (body: unknown, status = 200): ReplyMessage => ({
  status,
  headers: new MessageHeaders([]),
  body,
  request: { method: "POST", path: "/people", params: {} },
});
const all = { path: "/*", methods: undefined };

const rename = (from: string, to: string): VersionChange => {
  const move = (body: unknown, [one, other]: readonly [string, string]) => {
    const { [one]: value, ...rest } = body as Record<string, unknown>;
    return value === undefined ? rest : { ...rest, [other]: value };
  };
  return defineVersionChange({
    description: `${from} became ${to}`,
    request(message) {
      message.body = move(message.body, [from, to]);
    },
    response(message) {
      message.body = move(message.body, [to, from]);
    },
  });
};

describe("a chain of version changes", () => {
  it("takes a request up oldest first, and its reply down newest first", () => {
    const seen: string[] = [];
    const noting = (name: string): VersionChange => ({
      description: name,
      request: () => void seen.push(`up ${name}`),
      response: () => void seen.push(`down ${name}`),
    });
    const chain = chainFor(
      ["a", "b", "c"].map((each) => link(each, noting(each))),
      all,
    );
    const taken = chain === undefined ? [] : climb(chain, requestOf({}));
    descend(taken, replyOf({}));
    expect(seen).toStrictEqual(["up a", "up b", "up c", "down c", "down b", "down a"]);
  });

  it("gives back what it was given, over any renames and any body (round trip)", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 2, maxLength: 9 });
    fc.assert(
      fc.property(names, fc.jsonValue(), (fields, value) => {
        const links = fields
          .slice(1)
          .map((to, index) => link(`v${index}`, rename(fields[index] ?? "", to)));
        const chain = chainFor(links, all);
        if (chain === undefined) throw new Error("no chain");
        const body = { [fields[0] ?? ""]: value, UNTOUCHED: value };
        const request = requestOf(structuredClone(body));
        const taken = climb(chain, request);
        expect(request.body).toStrictEqual({ [fields.at(-1) ?? ""]: value, UNTOUCHED: value });
        const reply = replyOf(request.body);
        descend(taken, reply);
        expect(reply.body).toStrictEqual(body);
      }),
    );
  });

  it("asks a change only for the calls that it is about, and its reply the same way", () => {
    const seen: string[] = [];
    const change: VersionChange = {
      description: "people only",
      only: [{ method: "POST", path: "/people/{id}" }],
      request: () => void seen.push("up"),
      response: () => void seen.push("down"),
    };
    const chain = chainFor([link("v2", change)], all);
    if (chain === undefined) throw new Error("no chain");
    expect(climb(chain, requestOf({}, "/people"))).toStrictEqual([]);
    expect(climb(chain, requestOf({}, "/people/7/pets"))).toStrictEqual([]);
    descend(climb(chain, requestOf({}, "/people/7")), replyOf({}));
    expect(seen).toStrictEqual(["up", "down"]);
  });

  it.each([
    ["/people/{id}", ["POST"], true],
    ["/people/{other}", undefined, true],
    ["/people/me", ["POST", "GET"], true],
    ["/{any}/{id}", undefined, true],
    ["/*", undefined, true],
    ["/people/*", undefined, true],
    ["/people/{id}", ["GET"], false],
    ["/people", undefined, false],
    ["/pets/{id}", undefined, false],
    ["/pets/*", undefined, false],
  ])("is none for the route %s %j that no change is about: %s", (path, methods, isOne) => {
    const change: VersionChange = {
      description: "people",
      only: [{ method: "POST", path: "/people/{id}" }],
      response: () => undefined,
    };
    expect(chainFor([link("v2", change)], { path, methods }) !== undefined).toBe(isOne);
  });

  it("leaves replies of 400 and above alone, unless a change wants them too", () => {
    const seen: string[] = [];
    const plain: VersionChange = { description: "a", response: () => void seen.push("plain") };
    const eager = { ...plain, alsoErrors: true, response: () => void seen.push("eager") };
    descend([link("v2", plain), link("v3", eager)], replyOf({}, 422));
    expect(seen).toStrictEqual(["eager"]);
  });

  it.each<[string, VersionChange["request"]]>([
    ["throws", () => void JSON.parse("{")],
    [
      "throws something that is no error",
      () => {
        throw null as unknown as Error;
      },
    ],
    ["returns a promise", () => Promise.reject(new Error("late"))],
    ["makes a path that servers read differently", (message) => void (message.path = "/a/../b")],
    ["makes a path with a query", (message) => void (message.path = "/a?b=1")],
    ["makes no path", (message) => void (message.path = 7 as never)],
    ["sets a field of the framing", (message) => message.headers.set("Content-Length", "1")],
    ["sets a value with a line break", (message) => message.headers.set("X-A", "1\r\nX-B: 2")],
  ])("that %s is refused with its module's name for the operator", (_title, request) => {
    const chain = chainFor([link("v2", { description: "bad", request } as VersionChange)], all);
    if (chain === undefined) throw new Error("no chain");
    expect(() => climb(chain, requestOf({}))).toThrow(
      expect.objectContaining({
        code: "gateway.versionChangeFailed",
        options: expect.objectContaining({
          internal: expect.stringContaining("./changes/v2.ts (bad)"),
        }),
      }),
    );
  });

  it.each<[string, VersionChange["response"]]>([
    ["throws", () => void JSON.parse("{")],
    ["makes a status that is none", (message) => void (message.status = 99)],
    ["makes an interim status", (message) => void (message.status = 103)],
  ])("that %s on a reply is refused as a reply", (_title, response) => {
    const links = [link("v2", { description: "bad", response } as VersionChange)];
    expect(() => descend(links, replyOf({}))).toThrow(
      expect.objectContaining({ code: "gateway.versionReplyFailed" }),
    );
  });

  it.each<[unknown]>([
    [undefined],
    ["text"],
    [{}],
    [{ description: "x" }],
    [{ description: "", request: () => undefined }],
    [{ description: "x", request: "y" }],
    [{ description: "x", request: () => undefined, only: "/a" }],
    [{ description: "x", request: () => undefined, only: [{ path: "a" }] }],
    [{ description: "x", request: () => undefined, only: [{ method: "post", path: "/a" }] }],
  ])("is not made of %j", (value) => {
    expect(typeof asVersionChange(value)).toBe("string");
  });
});
