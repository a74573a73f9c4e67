import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fronting } from "./fronting.fixture.ts";
import type { FrontingApp } from "./fronting.fixture.ts";
import { readTarget } from "./path.ts";
import { httpUpstream, speak } from "./upstreams.fixture.ts";
import type { Upstream } from "./upstreams.fixture.ts";

/** Pieces that servers read differently, among plain ones. */
const piece = fc.constantFrom(
  "/",
  "//",
  ".",
  "..",
  "a",
  "admin",
  "ADMIN",
  "%61dmin",
  "%2e",
  "%2E%2e",
  "%2f",
  "%2F",
  "%5c",
  "\\",
  "%25",
  "%252e",
  ";",
  ";x=1",
  "..;",
  "%3b",
  "~",
  "%7e",
  "%7E",
  "%",
  "%4",
  "%zz",
  "%00",
  "%0a",
  "%20",
  "+",
  "%2b",
  ":",
  "@",
  "*",
  "é",
  "%c3%a9",
  "%C3%A9",
  "%e0%80%af",
  "%c0%ae",
  "{",
  "}",
  "|",
  "?",
  "&",
  "=",
  "#",
  "%23",
  "%3f",
  "$",
  "!",
  "'",
  "(",
  ",",
);
const path = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join("")}`);

describe("a path in its one form", () => {
  it("is its own form: reading it again changes nothing", () => {
    fc.assert(
      fc.property(path, (given) => {
        const once = readTarget(given);
        if (typeof once === "string") return;
        expect(readTarget(once.path + once.query)).toStrictEqual(once);
      }),
      { seed: 3_986, numRuns: 5_000 },
    );
  });

  it("means the same to a server that decodes, resolves dots, merges slashes or cuts parameters", () => {
    fc.assert(
      fc.property(path, (given) => {
        const target = readTarget(given);
        if (typeof target === "string") return;
        const { pathname } = new URL(`http://a${target.path}`);
        expect(pathname).toBe(target.path);
        expect(target.path).not.toMatch(/\/\/|\\|%2f|%5c|%00|%25|[?#]/i);
        for (const segment of target.path.split("/")) {
          const decoded = safeDecode(segment).split(";")[0];
          expect([".", ".."]).not.toContain(decoded);
          expect(safeDecode(segment)).not.toMatch(/[/\\\0]/);
        }
      }),
      { seed: 65, numRuns: 5_000 },
    );
  });

  it("has one spelling for each unreserved character", () => {
    for (const character of "AZaz09-._~") {
      const encoded = `%${character.charCodeAt(0).toString(16)}`;
      expect(readTarget(`/x${encoded}`)).toStrictEqual({ path: `/x${character}`, query: "" });
    }
  });
});

function safeDecode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

describe("what is authorised is what is forwarded", () => {
  let upstream: Upstream;
  let app: FrontingApp;
  beforeAll(async () => {
    upstream = await httpUpstream((_request, response) => response.end("ok"));
    app = await fronting(upstream, {
      routes: [{ path: "/admin", auth: "key" }, { path: "/admin/*", auth: "key" }, { path: "/*" }],
    });
  });
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });

  it.each([
    ["/things;v=1", 200],
    ["/things/a;v=1/b", 200],
    ["/admin;v=1", 400],
    ["/admin;v=1/users", 400],
    ["/admin%3Bv=1", 400],
    ["/;v=1/admin", 400],
    ["/..%3b/admin", 400],
  ])("%s is %d: parameters pass where they change no route", async (given, status) => {
    upstream.seen.length = 0;
    expect((await fetch(`${app.url}${given}`)).status).toBe(status);
    expect(upstream.seen.map(({ url }) => url)).toStrictEqual(status === 200 ? [given] : []);
  });

  it("no spelling of a guarded path reaches the application without a credential", async () => {
    await fc.assert(
      fc.asyncProperty(path, async (given) => {
        upstream.seen.length = 0;
        const head = `GET ${given} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
        const heard = await speak(app.url, Buffer.from(head).toString("latin1"));
        expect(heard).toMatch(/^HTTP\/1\.1 (?:200|400|401) /);
        const [seen] = upstream.seen;
        expect(seen === undefined).toBe(!heard.startsWith("HTTP/1.1 200"));
        if (seen === undefined) return;
        // As the application may read it: decoded, dots resolved, in lower case, without parameters.
        const url = new URL(`http://a${seen.url}`);
        const first =
          safeDecode(url.pathname)
            .split("/")
            .find((each) => each !== "") ?? "";
        expect(first.split(";")[0]).not.toBe("admin");
        const target = readTarget(given);
        expect(typeof target === "string" ? target : target.path + target.query).toBe(seen.url);
      }),
      {
        seed: 7,
        numRuns: 400,
        examples: [["/admin;x=1"], ["/admin%3bx"], ["/admin;"], ["/;/admin"], ["/a;x/admin"]],
      },
    );
  });
});
