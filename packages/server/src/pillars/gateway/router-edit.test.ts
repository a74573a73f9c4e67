// Tables made one after the other by what has changed, held against tables that are made at once.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Api, Match, Route } from "./call.ts";
import { Children } from "./children.ts";
import { createRouter } from "./router.ts";
import type { Router } from "./router.ts";

const TEMPLATES = [
  "/a",
  "/a/b",
  "/a/{id}",
  "/a/{id:uuid}",
  "/a/{id}.pdf",
  "/a/{id}/b",
  "/a/*",
  "/{x}/b",
  "/{x:integer}",
  "/*",
];
const PATHS = [
  "/a",
  "/a/b",
  "/a/7.pdf",
  "/a/0190b0f0-0000-7000-8000-000000000000",
  "/7",
  "/7/b",
  "/a/b/c",
  "/z",
];
const METHODS = ["GET", "HEAD", "POST", "PUT"];
const APIS = [undefined, "one.test"].map(
  (host) => ({ id: `api ${host}`, basePath: "/", host }) as unknown as Api,
);

function routeOf(api: Api, template: string, methods: readonly string[] | undefined): Route {
  return { id: `${template} ${methods?.join(",") ?? "*"}`, api, template, methods } as Route;
}

/** Every route that stands beside every other without being its twin. */
const ALL = APIS.flatMap((api) =>
  TEMPLATES.flatMap((template) => [
    routeOf(api, template, ["GET"]),
    routeOf(api, template, ["POST", "PUT"]),
    routeOf(api, template, undefined),
  ]),
);

function answersOf(router: Router): readonly unknown[] {
  return [undefined, "one.test", "other.test"].flatMap((host) =>
    PATHS.flatMap((path) => METHODS.map((method) => told(router.find(method, host, path)))),
  );
}

function told(match: Match | undefined): unknown {
  return match?.kind === "route" ? match.route.id + String(match.route.api.host) : match;
}

describe("a table made of the one before", () => {
  it("leads every call where a table made at once would, and leaves the one before as it was", () => {
    const sets = fc.array(fc.subarray(ALL), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(sets, (lists) => {
        let router = createRouter([]);
        let routes: readonly Route[] = [];
        for (const list of lists) {
          const before = answersOf(router);
          const edit = router.edit();
          for (const route of routes) if (!list.includes(route)) edit.remove(route);
          for (const route of list) if (!routes.includes(route)) edit.add(route);
          const next = edit.finish(list);
          expect(answersOf(next)).toEqual(answersOf(createRouter(list)));
          expect(answersOf(router)).toEqual(before);
          [router, routes] = [next, list];
        }
      }),
      { numRuns: 200 },
    );
  });

  it("tells of a route that would take the same calls, and of no other", () => {
    const [api] = APIS;
    if (api === undefined) throw new TypeError("there is an API");
    const first = routeOf(api, "/a/{id}", ["GET", "POST"]);
    const edit = createRouter([first]).edit();
    expect(edit.add(routeOf(api, "/a/{id}", ["PUT"]))).toBeUndefined();
    expect(edit.add(routeOf(api, "/a/{id}", undefined))).toBeUndefined();
    expect(edit.add(routeOf(api, "/a/{id:uuid}", ["GET"]))).toBeUndefined();
    expect(edit.add(routeOf(api, "/a/{other}", ["DELETE", "POST"]))).toBe(first);
  });
});

describe("a map of children", () => {
  it("is what a plain map would be, whatever is changed in copies of it", () => {
    const step = fc.record({ key: fc.nat(400), isGone: fc.boolean(), copies: fc.nat(9) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
        let map = new Children<number>();
        const plain = new Map<string, number>();
        const kept: { readonly map: Children<number>; readonly plain: Map<string, number> }[] = [];
        for (const [index, { key, isGone, copies }] of steps.entries()) {
          if (copies === 0) {
            kept.push({ map, plain: new Map(plain) });
            map = map.copy();
          }
          map.set(String(key), isGone ? undefined : index);
          if (isGone) plain.delete(String(key));
          else plain.set(String(key), index);
        }
        for (const each of [...kept, { map, plain }]) {
          expect(each.map.size).toBe(each.plain.size);
          for (let key = 0; key <= 400; key += 1) {
            expect(each.map.get(String(key))).toBe(each.plain.get(String(key)));
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
