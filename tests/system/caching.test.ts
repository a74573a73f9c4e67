// nginx and json-server with keys, limits, cache and compression on, used with curl and from a page in Chromium.
import { existsSync } from "node:fs";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../chaos/server-process.ts";
import {
  curl,
  launch,
  openFolder,
  portico,
  serve,
  type Folder,
  type Running,
  type Serving,
} from "./portico-process.ts";
import { NGINX, PAGE, startJsonServer, startNginx } from "./real-upstreams.ts";

const CHROMIUM = "/usr/bin/chromium";

/** A server in front of an upstream with everything on, and a key for it. */
async function front(folder: Folder, api: object): Promise<Serving & { readonly key: string }> {
  const common = { auth: "key", rateLimit: "1000/d", compression: true };
  const gateway = { apis: [{ ...common, ...api }] };
  await writeFile(join(folder.path, "portico.config.json"), JSON.stringify({ gateway }));
  const server = await serve(folder);
  const made = await portico(folder, ["keys", "create", "--json"]);
  return { ...server, key: (JSON.parse(made.out) as { readonly key: string }).key };
}

describe.skipIf(!existsSync(NGINX))("nginx with keys, limits, cache and compression", () => {
  let folder: Folder;
  let nginx: Running;
  let server: Serving & { readonly key: string };
  let page = "";
  let auth: string[] = [];
  let origin: AsyncDisposable & { readonly url: string };
  const show = (...words: string[]): Promise<string> => curl(...auth, ...words, page);

  beforeAll(async () => {
    folder = await openFolder();
    await mkdir(join(folder.path, "nginx"));
    const port = await freePort();
    nginx = await startNginx({ ...folder, path: join(folder.path, "nginx") }, port);
    origin = await servePages();
    server = await front(folder, {
      id: "site",
      basePath: "/site",
      stripBasePath: true,
      upstream: `http://127.0.0.1:${port}`,
      cache: { ttlMs: 600_000, shareAuthorized: true, tags: ["site"] },
      cors: { origins: [origin.url], exposeHeaders: ["Cache-Status"] },
    });
    page = `${server.url}/site/page.html`;
    auth = ["-H", `Authorization: Bearer ${server.key}`];
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await nginx[Symbol.asyncDispose]();
    await origin[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  test("answers the second time from the cache, and each time from the limit", async () => {
    const first = await show();
    expect(first).toMatch(/^HTTP\/1\.1 200 /);
    expect(first).toMatch(/cache-status: portico; fwd=uri-miss; fwd-status=200; stored/i);
    const second = await show();
    expect(second).toMatch(/cache-status: portico; hit; ttl=\d+/i);
    expect(second).toMatch(/\r\nage: \d/i);
    expect(second.endsWith(`\r\n\r\n${PAGE}`)).toBe(true);
    const left = (text: string): number => Number(/ratelimit: "[^"]*";r=(\d+)/i.exec(text)?.[1]);
    expect(left(second)).toBe(left(first) - 1);
    expect(await curl(page)).toMatch(/^HTTP\/1\.1 401 /);
  });

  test("answers parts, revisions and heads of what is stored", async () => {
    const whole = await show();
    const etag = /^etag: (\S+)/im.exec(whole)?.[1] ?? "";
    for (const condition of [`If-None-Match: ${etag}`, `If-None-Match: W/${etag}`]) {
      const same = await show("-H", condition);
      expect(same).toMatch(/^HTTP\/1\.1 304 .*cache-status: portico; hit/is);
    }
    const part = await show("-r", "4-9");
    expect(part).toMatch(
      /^HTTP\/1\.1 206 .*cache-status: portico; hit.*content-range: bytes 4-9\/\d+/is,
    );
    expect(part.endsWith(`\r\n\r\n${PAGE.slice(4, 10)}`)).toBe(true);
    expect(await show("-I")).toMatch(new RegExp(`content-length: ${PAGE.length}\\r`, "i"));
  });

  test("answers packed to who takes it, as curl unpacks it", async () => {
    for (const coding of ["gzip", "br", "zstd"]) {
      const packed = await show("-H", `Accept-Encoding: ${coding}`, "-o", "/dev/null", "-D", "-");
      expect(packed).toMatch(new RegExp(`content-encoding: ${coding}\\r.*`, "i"));
      expect(packed).toMatch(/vary: [^\r]*accept-encoding/i);
      expect(packed).toMatch(/etag: W\//i);
      expect(Number(/content-length: (\d+)/i.exec(packed)?.[1])).toBeLessThan(PAGE.length / 4);
    }
    const unpacked = await show("--compressed");
    expect(unpacked).toMatch(/content-encoding: (?:br|gzip|zstd)/i);
    expect(unpacked.endsWith(`\r\n\r\n${PAGE}`)).toBe(true);
  });

  test("shows a changed file when the old one is purged, and not before", async () => {
    await show();
    await writeFile(join(folder.path, "nginx", "html", "page.html"), "changed");
    expect((await show()).endsWith(PAGE)).toBe(true);
    const root = JSON.parse(
      (await portico(folder, ["keys", "create", "--root", "--json"])).out,
    ) as {
      readonly key: string;
    };
    const purged = await curl(
      "-H",
      `Authorization: Bearer ${root.key}`,
      "-H",
      "Content-Type: application/json",
      "-d",
      '{"tags":["site"]}',
      `${server.url}/api/v1/gateway/cache/purge`,
    );
    expect(purged).toMatch(/^HTTP\/1\.1 204 /);
    expect((await show()).endsWith("\r\n\r\nchanged")).toBe(true);
    await writeFile(join(folder.path, "nginx", "html", "page.html"), PAGE);
    await show("-H", "Cache-Control: no-cache", "-o", "/dev/null");
    expect((await show()).endsWith(PAGE)).toBe(true);
  });

  test.skipIf(!existsSync(CHROMIUM))(
    "serves a page of another origin in a browser: preflight, packed reply, own fields, refusals",
    async () => {
      await show();
      const script = (key: string): string =>
        `const r = await fetch("${page}", { headers: { "X-API-Key": "${key}" } });
         const t = await r.text();
         return { status: r.status, length: t.length, code: /"code":"([^"]*)"/.exec(t)?.[1],
           limit: r.headers.get("RateLimit") !== null, cache: r.headers.get("Cache-Status") };`;
      const seen = await browse(folder, `${origin.url}/?${encodeURIComponent(script(server.key))}`);
      expect(seen).toMatchObject({ status: 200, length: PAGE.length, limit: true });
      expect(seen["cache"]).toMatch(/^portico; hit/);
      const wrong = script(`${server.key.slice(0, -1)}_`);
      const refused = await browse(folder, `${origin.url}/?${encodeURIComponent(wrong)}`);
      expect(refused).toMatchObject({ status: 401, code: "keys.invalid" });
      const foreign = origin.url.replace("127.0.0.1", "localhost");
      const kept = await browse(folder, `${foreign}/?${encodeURIComponent(script(server.key))}`);
      expect(kept).toEqual({ error: "TypeError: Failed to fetch" });
    },
  );
});

test("json-server, which asks to be asked each time, is asked, and sends what has changed", async () => {
  await using folder = await openFolder();
  const port = await freePort();
  await using _jsonServer = await startJsonServer(folder, port);
  const upstream = `http://127.0.0.1:${port}`;
  const cache = { shareAuthorized: true };
  await using server = await front(folder, {
    id: "blog",
    basePath: "/blog",
    stripBasePath: true,
    upstream,
    cache,
  });
  const auth = ["-H", `X-API-Key: ${server.key}`];
  const posts = `${server.url}/blog/posts`;
  expect(await curl(...auth, posts)).toMatch(/cache-status: portico; fwd=uri-miss; [^\r]*stored/i);
  const again = await curl(...auth, posts);
  expect(again).toMatch(/^HTTP\/1\.1 200 .*cache-status: portico; fwd=stale; fwd-status=304/is);
  expect(again).toContain('"title": "first"');
  const json = ["-H", "Content-Type: application/json", "-d", '{"title":"second"}'];
  expect(await curl(...auth, ...json, posts)).toMatch(/^HTTP\/1\.1 201 /);
  const changed = await curl(...auth, posts);
  expect(changed).toMatch(/cache-status: portico; fwd=uri-miss/i);
  expect(changed).toContain('"title": "second"');
  expect(await curl(...auth, "--compressed", posts)).toContain('"title": "second"');
});

/** Pages that run the script in their query and show what it returns. */
async function servePages(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(({ url = "" }, response) => {
    const script = decodeURIComponent(url.slice(2));
    response.setHeader("content-type", "text/html");
    response.end(
      `<body><script>(async () => { ${script} })().catch((e) => ({ error: String(e) })).then((seen) => {
         document.body.textContent = "<<" + JSON.stringify(seen) + ">>"; })</script>`,
    );
  });
  server.listen(0);
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** What a page shows in the end. */
async function browse(folder: Folder, url: string): Promise<Record<string, unknown>> {
  const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=10000"];
  const profile = `--user-data-dir=${join(folder.path, "chromium")}`;
  const command = [CHROMIUM, ...flags, profile, "--dump-dom", url];
  const { out, err } = await launch(command, { cwd: folder.path }).ended;
  const shown = /&lt;&lt;(.*)&gt;&gt;/.exec(out)?.[1];
  if (shown === undefined) throw new Error(`the page shows nothing: ${out} ${err.slice(-500)}`);
  return JSON.parse(shown.replaceAll("&amp;", "&")) as Record<string, unknown>;
}
