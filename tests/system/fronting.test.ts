// Servers that nobody here wrote, fronted and used with a curl that nobody here wrote.
import { existsSync } from "node:fs";
import { once } from "node:events";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { createServer, request, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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

/** An application with the very paths that Portico has, a stream of events, and trailers. */
async function startOwn(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((incoming, response) => {
    if (incoming.url === "/stream") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: first\n\n");
      // The second only when the first has arrived: who buffers never sees it.
      server.once("first-seen", () => response.end("data: second\n\n"));
    } else if (incoming.url === "/stream/seen") {
      response.end("ok");
      server.emit("first-seen");
    } else if (incoming.url === "/trailers") {
      response.writeHead(200, { trailer: "X-Sum" });
      response.write("body");
      response.addTrailers({ "X-Sum": "42" });
      response.end();
    } else {
      incoming.resume().on("end", () => response.end(`own ${incoming.method} ${incoming.url}`));
    }
  });
  server.listen(0, "127.0.0.1");
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

describe("json-server behind `portico dev --upstream`", () => {
  let folder: Folder;
  let upstream: Running;
  let server: Serving;
  beforeAll(async () => {
    folder = await openFolder();
    const port = await freePort();
    upstream = await startJsonServer(folder, port);
    server = await serve(folder, ["dev", "--upstream", `http://127.0.0.1:${port}`]);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  test("creates, reads, changes and deletes as it does alone", async () => {
    const json = ["-H", "Content-Type: application/json"];
    const { url } = server;
    const made = await curl(...json, "-d", '{"title":"Ünïcödé"}', `${url}/posts`);
    expect(made).toMatch(/^HTTP\/1\.1 201 /);
    expect(made).toContain('"id": 2');
    expect(await curl(`${url}/posts/2`)).toContain('"title": "Ünïcödé"');
    const patch = await curl("-X", "PATCH", ...json, "-d", '{"title":"new"}', `${url}/posts/2`);
    expect(patch).toContain('"title": "new"');
    expect(await curl(`${url}/posts?title=new&_sort=id`)).toContain('"id": 2');
    expect(await curl("-X", "DELETE", `${url}/posts/2`)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await curl(`${url}/posts/2`)).toMatch(/^HTTP\/1\.1 404 /);
  });

  test("takes bodies in chunks, after 100 Continue, and compressed answers pass as they are", async () => {
    const body = JSON.stringify({ title: "x".repeat(50_000) });
    await writeFile(join(folder.path, "body.json"), body);
    const file = `@${join(folder.path, "body.json")}`;
    const json = ["-H", "Content-Type: application/json", "--data-binary", file];
    const chunked = await curl(...json, "-H", "Transfer-Encoding: chunked", `${server.url}/posts`);
    expect(chunked).toMatch(/^HTTP\/1\.1 201 /m);
    const waited = await curl(...json, "-H", "Expect: 100-continue", `${server.url}/posts`);
    expect(waited).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 /);
    expect(waited).toContain("x".repeat(50_000));
    const packed = await curl("--compressed", `${server.url}/posts`);
    expect(packed).toMatch(/content-encoding: (?:br|gzip)/i);
    expect(packed).toContain("x".repeat(50_000));
  });

  test("answers HEAD without a body, and 304 to who has it", async () => {
    const head = await curl("-I", `${server.url}/posts/1`);
    expect(head).toMatch(/^HTTP\/1\.1 200 .*content-length: \d+/is);
    const etag = /^etag: (\S+)/im.exec(await curl(`${server.url}/posts/1`))?.[1] ?? "";
    const again = await curl("-H", `If-None-Match: ${etag}`, `${server.url}/posts/1`);
    expect(again).toMatch(/^HTTP\/1\.1 304 /);
  });
});

describe.skipIf(!existsSync(NGINX))("nginx behind a key", () => {
  test("serves pages, ranges and revisions to who has a key, and to nobody else", async () => {
    await using folder = await openFolder();
    const port = await freePort();
    await using _nginx = await startNginx(folder, port);
    const upstream = `http://127.0.0.1:${port}`;
    const apis = [{ id: "site", basePath: "/site", stripBasePath: true, upstream, auth: "key" }];
    await writeFile(
      join(folder.path, "portico.config.json"),
      JSON.stringify({ gateway: { apis } }),
    );
    await using server = await serve(folder);
    const { key } = JSON.parse((await portico(folder, ["keys", "create", "--json"])).out) as {
      readonly key: string;
    };
    const page = `${server.url}/site/page.html`;
    const auth = ["-H", `Authorization: Bearer ${key}`];

    const refused = await curl(page);
    expect(refused).toMatch(/^HTTP\/1\.1 401 .*www-authenticate: .*Bearer/is);
    expect(refused).toContain('"code":"access.unauthenticated"');
    expect(await curl("-H", `X-API-Key: ${key.slice(0, -1)}_`, page)).toContain("keys.invalid");

    const whole = await curl(...auth, page);
    expect(whole).toMatch(/^HTTP\/1\.1 200 /);
    expect(whole.endsWith(`\r\n\r\n${PAGE}`)).toBe(true);
    const part = await curl(...auth, "-r", "4-9", page);
    expect(part).toMatch(/^HTTP\/1\.1 206 .*content-range: bytes 4-9\/\d+/is);
    expect(part.endsWith(`\r\n\r\n${PAGE.slice(4, 10)}`)).toBe(true);
    const parts = await curl(...auth, "-r", "0-3,8-9", page);
    expect(parts).toMatch(/^HTTP\/1\.1 206 .*multipart\/byteranges/is);
    expect(await curl(...auth, "-r", "999999-", page)).toMatch(/^HTTP\/1\.1 416 /);
    const etag = /^etag: (\S+)/im.exec(whole)?.[1] ?? "";
    expect(await curl(...auth, "-H", `If-None-Match: ${etag}`, page)).toMatch(/^HTTP\/1\.1 304 /);
    expect(await curl(...auth, "-I", page)).toMatch(/^HTTP\/1\.1 200 .*content-length: \d+/is);
    expect(await curl(...auth, `${server.url}/site/none`)).toMatch(/^HTTP\/1\.1 404 .*nginx/is);
    expect(await curl(...auth, "-X", "DELETE", page)).toMatch(/^HTTP\/1\.1 405 /);
  });
});

describe("an application with Portico's own paths", () => {
  test("keeps them all under `dev --upstream`, and Portico's are below /_portico alone", async () => {
    await using own = await startOwn();
    await using folder = await openFolder();
    await using server = await serve(folder, ["dev", "--upstream", own.url]);
    const root = (await server.says(/root key \(shown this once\): (\S+)/))[1] ?? "";
    const { url } = server;
    // It says where both are.
    await server.says(new RegExp(`your app +${url} +→ +${own.url}`));
    await server.says(new RegExp(`API +${url}/_portico/api/v1`));
    for (const path of [
      "/api/users",
      "/api/keys",
      "/api/v1/keys",
      "/health",
      "/livez",
      "/metrics",
      "/docs",
      "/openapi.json",
      "/.well-known/jwks.json",
    ]) {
      expect(await curl(`${url}${path}`)).toMatch(new RegExp(`\r\n\r\nown GET ${path}$`));
    }
    const bearer = ["-H", `Authorization: Bearer ${root}`];
    expect(await curl(...bearer, `${url}/_portico/api/v1/keys`)).toMatch(/^HTTP\/1\.1 200 /);
    for (const path of ["/health", "/livez", "/docs", "/openapi.json"]) {
      expect(await curl(`${url}/_portico${path}`)).toMatch(/^HTTP\/1\.1 200 /);
    }
    const typo = await curl(...bearer, `${url}/_portico/api/v1/keyz`);
    expect(typo).toMatch(/^HTTP\/1\.1 404 /);
    expect(typo).toContain('"code":"request.notFound"');
  });

  test.each([
    ["a prefix", { basePath: "/_own" }, "/_own", undefined],
    ["a host", { ownHost: "portico.test" }, "", "portico.test"],
  ])(
    "keeps them all under `start` where Portico has %s of its own",
    async (_what, server, prefix, host) => {
      await using own = await startOwn();
      const config = { server, gateway: { apis: [{ id: "app", upstream: own.url }] } };
      await using folder = await openFolder({
        "portico.config.ts": `export default ${JSON.stringify(config)};`,
      });
      await using serving = await serve(folder);
      const { url } = serving;
      const ofPortico = host === undefined ? [] : ["-H", `Host: ${host}`];
      for (const path of ["/api/users", "/api/keys", "/health", "/docs"]) {
        expect(await curl(`${url}${path}`)).toMatch(new RegExp(`\r\n\r\nown GET ${path}$`));
      }
      for (const path of ["/health", "/docs"]) {
        const reply = await curl(...ofPortico, `${url}${prefix}${path}`);
        expect(reply).toMatch(/^HTTP\/1\.1 200 /);
        expect(reply).not.toContain("own GET");
      }
      const keys = await curl(...ofPortico, `${url}${prefix}/api/v1/keys`);
      expect(keys).toMatch(/^HTTP\/1\.1 401 [^]*"code":"access\.unauthenticated"/);
    },
  );

  test("is refused at the start for a route that Portico has itself, with both names", async () => {
    await using own = await startOwn();
    const routes = [{ path: "/api/users" }, { path: "/health" }, { path: "/docs", name: "pages" }];
    const config = { gateway: { apis: [{ id: "app", upstream: own.url, routes }] } };
    await using folder = await openFolder({
      "portico.config.ts": `export default ${JSON.stringify(config)};`,
    });
    const { code, err } = await portico(folder, ["start", "--port", "0"]);
    expect(code).not.toBe(0);
    expect(err).toMatch(/app [^;]*\/health[^;]* collides with Portico's own path \/health/);
    expect(err).toMatch(/pages[^;]*\(\/docs\) collides with Portico's own path \/docs/);
    expect(err).not.toContain("/api/users");
  });

  test("streams events one by one, sends trailers, and never sees an upgrade that is none", async () => {
    await using own = await startOwn();
    await using folder = await openFolder();
    await using server = await serve(folder, ["dev", "--upstream", own.url]);
    const stream = await fetch(`${server.url}/stream`);
    const reader = (stream.body ?? new ReadableStream<Uint8Array>()).getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("data: first\n\n");
    await (await fetch(`${server.url}/stream/seen`)).text();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("data: second\n\n");

    const headers = { te: "trailers", connection: "te" };
    const sent = request(`${server.url}/trailers`, { headers }).end();
    const [reply] = (await once(sent, "response")) as [IncomingMessage];
    await reply.toArray();
    expect(reply.trailers).toEqual({ "x-sum": "42" });

    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
    const heard = (await socket.toArray()).join("");
    expect(heard).toMatch(/^HTTP\/1\.1 400 [^]*"code":"gateway\.upgradeRefused"/);
    expect(await curl(`${server.url}/after`)).toContain("own GET /after");
  });

  test("of one gigabyte passes in constant memory", async () => {
    const size = 1_073_741_824;
    const piece = Buffer.alloc(1_048_576, 7);
    const big = createServer((_request, response) => {
      response.writeHead(200, { "content-length": size });
      let left = size;
      const write = (): void => {
        while (left > 0) {
          left -= piece.length;
          if (!response.write(piece)) {
            response.once("drain", write);
            return;
          }
        }
        response.end();
      };
      write();
    }).listen(0, "127.0.0.1");
    await once(big, "listening");
    const { port } = big.address() as { readonly port: number };
    await using folder = await openFolder();
    await using server = await serve(folder, ["dev", "--upstream", `http://127.0.0.1:${port}`]);
    const before = await memoryOf(server.pid);
    const words = ["-sS", "-o", "/dev/null", "-w", "%{size_download}", `${server.url}/big`];
    const { out } = await launch(["curl", ...words], { cwd: folder.path }).ended;
    expect(Number(out)).toBe(size);
    expect((await memoryOf(server.pid)).peak - before.now).toBeLessThan(200_000);
    big.closeAllConnections();
    big.close();
  });
});

describe("portico init", () => {
  test("writes a configuration that starts as it is", async () => {
    await using folder = await openFolder();
    await linkPortico(folder);
    expect((await portico(folder, ["init"])).code).toBe(0);
    await using server = await serve(folder);
    expect(await curl(`${server.url}/health`)).toMatch(/^HTTP\/1\.1 200 .*"status":"ok"/is);
    expect(await curl(`${server.url}/hello`)).toMatch(/^HTTP\/1\.1 404 /);
  });

  test("writes a configuration that fronts the application it was told", async () => {
    await using own = await startOwn();
    await using folder = await openFolder();
    await linkPortico(folder);
    expect((await portico(folder, ["init", "--upstream", own.url])).code).toBe(0);
    await using server = await serve(folder);
    expect(await curl(`${server.url}/hello`)).toMatch(/\r\n\r\nown GET \/hello$/);
  });
});

/** Kilobytes of the process now and at most. */
async function memoryOf(pid: number): Promise<{ readonly now: number; readonly peak: number }> {
  const text = await readFile(`/proc/${pid}/status`, "utf8");
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1]);
  return { now: kilobytes("VmRSS"), peak: kilobytes("VmHWM") };
}

/** As `npm install portico` would. */
async function linkPortico(folder: Folder): Promise<void> {
  await mkdir(join(folder.path, "node_modules"));
  const target = fileURLToPath(new URL("../../packages/server", import.meta.url));
  await symlink(target, join(folder.path, "node_modules", "portico"));
}
