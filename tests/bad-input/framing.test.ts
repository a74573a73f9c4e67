// Requests that two servers could read in two ways (RFC 9112 §11.2), byte for byte, against the gateway and against
// Portico's own paths: each is refused, its connection ends, and nothing of it reaches the application.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestApp, type TestApp } from "../../packages/server/src/kernel/testing/index.ts";
import { builtIns } from "../../packages/server/src/platform.ts";

interface Asked {
  readonly line: string;
  readonly fields: readonly string[];
  readonly body: string;
}

let app: TestApp;
let port = 0;
const asked: Asked[] = [];
const shop = createServer((request, response) => {
  let body = "";
  request.setEncoding("latin1").on("data", (chunk: string) => (body += chunk));
  request.on("end", () => {
    asked.push({ line: `${request.method} ${request.url}`, fields: request.rawHeaders, body });
    response.end("shop");
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    shop.listen(0, "127.0.0.1", resolve);
  });
  const upstream = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
  app = await createTestApp({
    plugins: builtIns(),
    settings: { gateway: { apis: [{ id: "shop", basePath: "/shop", upstream }] } },
  });
  port = Number(new URL((await app.listen("127.0.0.1", 0)).url).port);
});
afterAll(async () => {
  await app.stop(1_000);
  shop.closeAllConnections();
  shop.close();
});

/** Sends bytes as they are and answers all that came until the server closed. */
function talk(bytes: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let heard = "";
  const socket = connect(port, "127.0.0.1", () => socket.write(bytes, "latin1"));
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => (heard += chunk));
  // A reset after the answer is what a refused sender may see.
  socket.on("error", () => undefined);
  socket.on("close", () => resolve(heard));
  // A connection that is left open is a failure, not a wait.
  socket.setTimeout(3_000, () => {
    heard += "(left open)";
    socket.destroy();
  });
  return promise;
}

/** What hides behind every attack: it must be answered to nobody. */
const HIDDEN = "GET /shop/hidden HTTP/1.1\r\nHost: a\r\n\r\n";

interface Attack {
  readonly line?: string;
  readonly host?: string;
  readonly fields?: string;
  readonly body?: string;
}

/** Admitted everywhere, so that it is the framing that is refused. */
const caller = (): string =>
  `X-Test-Caller: ${app.as().headers["x-test-caller"] ?? ""}\r\nContent-Type: application/json\r\n`;

const bytesOf = (path: string, { line, host, fields = "", body = "" }: Attack): string => {
  const first = (line ?? "POST PATH HTTP/1.1").replace("PATH", path);
  return `${first}\r\n${host ?? "Host: a\r\n"}${fields}${caller()}\r\n${body}${HIDDEN}`;
};
const chunked = (body: string): Attack => ({ fields: "Transfer-Encoding: chunked\r\n", body });
const length = (value: string): Attack => ({ fields: `Content-Length:${value}\r\n`, body: "a" });
const coding = (value: string): Attack => ({
  fields: `Transfer-Encoding:${value}\r\n`,
  body: "1\r\na\r\n0\r\n\r\n",
});
const field = (fields: string): Attack => ({ line: "GET PATH HTTP/1.1", fields: `${fields}\r\n` });
const hosts = (host: string): Attack => ({ line: "GET PATH HTTP/1.1", host });
const first = (line: string): Attack => ({ line });

const ATTACKS: Readonly<Record<string, Attack>> = {
  "Content-Length beside Transfer-Encoding": {
    fields: "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    body: "0\r\n\r\n",
  },
  "Transfer-Encoding beside Content-Length": {
    fields: "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    body: "0\r\n\r\n",
  },
  "two Content-Lengths that are the same": {
    fields: "Content-Length: 1\r\nContent-Length: 1\r\n",
    body: "a",
  },
  "two Content-Lengths that differ": {
    fields: "Content-Length: 1\r\nContent-Length: 9\r\n",
    body: "a",
  },
  "a list of Content-Lengths": length(" 1, 1"),
  "Content-Length +1": length(" +1"),
  "Content-Length -1": length(" -1"),
  "Content-Length 0x1": length(" 0x1"),
  "Content-Length 1_0": length(" 1_0"),
  "Content-Length 1abc": length(" 1abc"),
  "Content-Length 1 0": length(" 1 0"),
  "Content-Length 1.0": length(" 1.0"),
  "an empty Content-Length": length(""),
  "a Content-Length beyond 64 bits": length(" 99999999999999999999999"),
  "Transfer-Encoding gzip": coding(" gzip"),
  "Transfer-Encoding gzip, chunked": coding(" gzip, chunked"),
  "Transfer-Encoding chunked, gzip": coding(" chunked, gzip"),
  "Transfer-Encoding ,chunked": coding(" ,chunked"),
  "Transfer-Encoding chunked,": coding(" chunked,"),
  "Transfer-Encoding xchunked": coding(" xchunked"),
  "Transfer-Encoding chunkedx": coding(" chunkedx"),
  "Transfer-Encoding chunked, chunked": coding(" chunked, chunked"),
  "Transfer-Encoding chunked;q=1": coding(" chunked;q=1"),
  "Transfer-Encoding 'chunked'": coding(` "chunked"`),
  "Transfer-Encoding identity": coding(" identity"),
  "an empty Transfer-Encoding": coding(""),
  "Transfer-Encoding with a vertical tab": coding(" \u000bchunked"),
  "Transfer-Encoding with a letter that folds to k": coding(" chun\u00e2\u0084\u00aaed"),
  "Transfer-Encoding twice": {
    fields: "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    body: "0\r\n\r\n",
  },
  "Transfer-Encoding identity, then chunked": {
    fields: "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
    body: "0\r\n\r\n",
  },
  "Transfer-Encoding on a folded line": {
    fields: "Transfer-Encoding:\r\n chunked\r\n",
    body: "0\r\n\r\n",
  },
  "Transfer-Encoding in HTTP/1.0": { ...coding(" chunked"), line: "POST PATH HTTP/1.0" },
  "a chunk size with a sign": chunked("+1\r\na\r\n0\r\n\r\n"),
  "a negative chunk size": chunked("-1\r\na\r\n0\r\n\r\n"),
  "a chunk size 0x1": chunked("0x1\r\na\r\n0\r\n\r\n"),
  "a chunk size 1_0": chunked("1_0\r\na\r\n0\r\n\r\n"),
  "no chunk size": chunked("\r\na\r\n0\r\n\r\n"),
  "a chunk size beyond 64 bits": chunked("10000000000000001\r\na\r\n0\r\n\r\n"),
  "a chunk size after a space": chunked(" 1\r\na\r\n0\r\n\r\n"),
  "a bare CR in a chunk extension": chunked("1;a\rb\r\na\r\n0\r\n\r\n"),
  "a bare LF after a chunk size": chunked("1\na\r\n0\r\n\r\n"),
  "a bare LF in a chunk extension": chunked("1;a\nb\r\na\r\n0\r\n\r\n"),
  "bytes between chunks": chunked("1\r\nab\r\n0\r\n\r\n"),
  "a bare LF after a chunk": chunked("1\r\na\n0\r\n\r\n"),
  "a CR and another character after a chunk": chunked("1\r\na\rX0\r\n\r\n"),
  "a control character in a trailer": chunked("1\r\na\r\n0\r\nX-A: a\u0000b\r\n\r\n"),
  "a bare LF between fields": field("X-A: b\nX-B: c"),
  "a bare CR between fields": field("X-A: b\rX-B: c"),
  "a bare CR in a value": field("X-A: b\rc"),
  "line feeds alone": { line: "GET PATH HTTP/1.1\nHost: a\n\n" },
  "a folded field": field("X-A: b\r\n c"),
  "a first field that is folded": hosts(" Host: a\r\n"),
  "a space before the colon": field("X-A : b"),
  "a tab before the colon": field("X-A\t: b"),
  "an empty name": field(": b"),
  "a line without colon": field("nonsense"),
  "NUL in a value": field("X-A: a\u0000b"),
  "a control in a value": field("X-A: a\u0001b"),
  "DEL in a value": field("X-A: a\u007fb"),
  "NUL in a name": field("X\u0000A: b"),
  "a name with @": field("X@A: b"),
  "a name with brackets": field("X(A): b"),
  "a name with a space": field("X A: b"),
  "a name with a letter beyond ASCII": field("X-\u00e9: b"),
  "no Host": hosts(""),
  "two Hosts": hosts("Host: a\r\nHost: a\r\n"),
  "two Hosts that differ": hosts("Host: a\r\nhOST: b\r\n"),
  "an empty Host": hosts("Host:\r\n"),
  "a list in Host": hosts("Host: a, b\r\n"),
  "a list in Host without a space": hosts("Host: a,b\r\n"),
  "a path in Host": hosts("Host: a/b\r\n"),
  "a query in Host": hosts("Host: a?b\r\n"),
  "userinfo in Host": hosts("Host: me@a\r\n"),
  "a scheme in Host": hosts("Host: http://a\r\n"),
  "two ports in Host": hosts("Host: a:1:2\r\n"),
  "a port in Host that is none": hosts("Host: a:http\r\n"),
  "a port in Host beyond 65535": hosts("Host: a:65536\r\n"),
  "an encoded Host": hosts("Host: %61\r\n"),
  "a Host with a space": hosts("Host: a b\r\n"),
  "a Host beyond ASCII": hosts("Host: \u00e9\r\n"),
  "an absolute target of another host": first("GET http://otherPATH HTTP/1.1"),
  "an absolute target of another port": first("GET http://a:81PATH HTTP/1.1"),
  "an absolute target with userinfo": first("GET http://me@aPATH HTTP/1.1"),
  "an absolute target of another scheme": first("GET ftp://aPATH HTTP/1.1"),
  "a target without a slash": first("GET shop HTTP/1.1"),
  "an asterisk for a GET": first("GET * HTTP/1.1"),
  "a fragment in the target": first("GET PATH#x HTTP/1.1"),
  "a backslash in the target": first("GET PATH\\x HTTP/1.1"),
  "a backslash in the query": first("GET PATH?a=\\x HTTP/1.1"),
  "NUL in the target": first("GET PATH\u0000 HTTP/1.1"),
  "a control in the target": first("GET PATH\u0001 HTTP/1.1"),
  "a tab in the target": first("GET PATH\tx HTTP/1.1"),
  "DEL in the target": first("GET PATH\u007f HTTP/1.1"),
  "a byte beyond ASCII in the target": first("GET PATH\u00e9 HTTP/1.1"),
  "a quote in the target": first('GET PATH"x HTTP/1.1'),
  "a space in the target": first("GET PATH x HTTP/1.1"),
  "HTTP/0.9": { line: "GET PATH" },
  "HTTP/0.9 by name": first("GET PATH HTTP/0.9"),
  "HTTP/1.2": first("GET PATH HTTP/1.2"),
  "HTTP/1.10": first("GET PATH HTTP/1.10"),
  "HTTP/01.1": first("GET PATH HTTP/01.1"),
  "HTTP/2.0": first("GET PATH HTTP/2.0"),
  "the preface of HTTP/2": first("PRI * HTTP/2.0"),
  "a protocol in lower case": first("GET PATH http/1.1"),
  "another protocol": first("GET PATH ICY/1.1"),
  "a tab in the request line": first("GET\tPATH HTTP/1.1"),
  "a method in lower case": first("get PATH HTTP/1.1"),
  "a method with a colon": first("GET: PATH HTTP/1.1"),
  "a method nobody knows": first("SMUGGLE PATH HTTP/1.1"),
  "an upgrade to h2c": field(
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
  ),
  "an upgrade with a body": {
    fields: "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n",
    body: "a",
  },
  "an upgrade with chunks": {
    fields: "Connection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n",
    body: "0\r\n\r\n",
  },
  "an upgrade in HTTP/1.0": {
    line: "GET PATH HTTP/1.0",
    fields: "Connection: Upgrade\r\nUpgrade: websocket\r\n",
  },
  "two Authorizations": field("Authorization: Bearer a\r\nAuthorization: Bearer b"),
};

describe.each([
  ["the gateway", "/shop/x"],
  ["Portico's own paths", "/api/v1/events"],
])("at %s", (_where, path) => {
  test.each(Object.entries(ATTACKS))(
    "%s is refused, and the connection ends",
    async (_name, attack) => {
      asked.length = 0;
      const heard = await talk(bytesOf(path, attack));
      expect(heard).toMatch(/^HTTP\/1\.1 4(?:00|14|31) /);
      expect(heard).toMatch(/"code":"(?:request|gateway)\.\w+"/);
      expect(heard).toMatch(/\r\nconnection: close\r\n/i);
      expect(heard).not.toContain("left open");
      // What was hidden behind it is answered to nobody.
      expect(heard.match(/HTTP\/1\.1 /g)).toHaveLength(1);
      expect(asked.filter(({ line }) => line.includes("hidden"))).toStrictEqual([]);
      // Of a body that is wrong only after its first chunks the application may have seen the head, and nothing whole.
      expect(asked).toStrictEqual([]);
    },
  );

  test("an expectation other than 100-continue is 417", async () => {
    for (const value of ["200-ok", "100-continue, 200-ok", "100-continue;a", ", 100-continue"]) {
      const heard = await talk(
        bytesOf(path, { fields: `Expect: ${value}\r\nContent-Length: 1\r\n`, body: "a" }),
      );
      expect(heard, value).toMatch(/^HTTP\/1\.1 417 /);
      expect(heard.match(/HTTP\/1\.1 /g), value).toHaveLength(1);
    }
  });

  test("CONNECT is 405, TRACE is not echoed", async () => {
    expect(await talk(bytesOf(path, first("CONNECT a:80 HTTP/1.1")))).toMatch(/^HTTP\/1\.1 405 /);
    const trace = await talk(
      `TRACE ${path} HTTP/1.1\r\nHost: a\r\nX-Secret: never-sent-back\r\nConnection: close\r\n\r\n`,
    );
    expect(trace).not.toContain("never-sent-back");
  });
});

test("a body that cannot be read while or after its request is answered ends the connection without a second answer", async () => {
  const heard = await talk(
    `POST /api/v1/events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n${HIDDEN}`,
  );
  // 401, or 400 where it is not yet known what a caller without a credential may do.
  expect(heard).toMatch(/^HTTP\/1\.1 40[01] /);
  expect(heard.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(heard).not.toContain("left open");
});

describe("what is unusual and plain passes the gateway, framed anew", () => {
  test.each([
    ["an absolute target of the same host", first("GET http://aPATH HTTP/1.1"), ""],
    ["two spaces in the request line", first("GET  PATH HTTP/1.1"), ""],
    ["a blank line before the request", first("\r\nGET PATH HTTP/1.1"), ""],
    ["Chunked in another case", { ...coding(" Chunked") }, "a"],
    ["chunk extensions", chunked('1;a=b;c="d"\r\na\r\n0\r\n\r\n'), "a"],
    ["leading zeros of a chunk size", chunked("0001\r\na\r\n0\r\n\r\n"), "a"],
    ["trailers, which end here", chunked("1\r\na\r\n0\r\nHost: evil\r\nX-A: b\r\n\r\n"), "a"],
    ["a GET with a body", { line: "GET PATH HTTP/1.1", ...length(" 1") }, "a"],
    [
      "a body that looks like a request",
      { fields: `Content-Length: ${HIDDEN.length}\r\n`, body: HIDDEN },
      HIDDEN,
    ],
  ])("%s", async (_name, attack: Attack, body) => {
    asked.length = 0;
    const last = HIDDEN.replace("Host: a", "Host: a\r\nConnection: close");
    const bytes = bytesOf("/shop/x", attack).slice(0, -HIDDEN.length) + last;
    const heard = await talk(bytes);
    expect(heard.match(/HTTP\/1\.1 200 /g)).toHaveLength(2);
    expect(asked.map(({ line }) => line.slice(line.indexOf(" ") + 1))).toStrictEqual([
      "/shop/x",
      "/shop/hidden",
    ]);
    expect(asked[0]?.body).toBe(body);
    expect(JSON.stringify(asked[0]?.fields)).not.toContain("evil");
  });
});

describe("fields that are not the caller's to send", () => {
  test.each([
    "Portico_Identity",
    "portico_identity",
    "X_Forwarded_For",
    "X_Real_IP",
    "X_Request_Id",
    "Content_Length",
    "Transfer_Encoding",
  ])("%s, which some applications read as the one with hyphens, ends here", async (name) => {
    asked.length = 0;
    await talk(`GET /shop/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${name}: evil\r\n\r\n`);
    expect(asked).toHaveLength(1);
    expect(JSON.stringify(asked)).not.toContain("evil");
  });

  test.each([
    "Authorization",
    "Host",
    "Cookie",
    "Content-Length",
    "Content-Type",
    "Forwarded",
    "X-Forwarded-For",
    "Portico-Identity",
    "X-API-Key",
    "X-Request-Id",
    "Idempotency-Key",
    "Via",
    "Origin",
    "Range",
  ])("%s cannot be taken away by naming it in Connection", async (name) => {
    asked.length = 0;
    const heard = await talk(bytesOf("/shop/x", field(`Connection: close, ${name}`)));
    expect(heard).toMatch(/^HTTP\/1\.1 400 /);
    expect(heard).toContain("gateway.headRefused");
    expect(asked).toStrictEqual([]);
  });

  test("those of this hop end here, named in Connection or not", async () => {
    asked.length = 0;
    const hop = [
      "Keep-Alive",
      "Proxy-Connection",
      "Proxy-Authorization",
      "Proxy-Authenticate",
      "Proxy",
      "Upgrade",
      "TE",
      "Trailer",
      "X-Named",
    ];
    const lines = hop.map((name) => `${name}: evil\r\n`).join("");
    await talk(`GET /shop/x HTTP/1.1\r\nHost: a\r\nConnection: close, x-named\r\n${lines}\r\n`);
    expect(asked).toHaveLength(1);
    expect(JSON.stringify(asked)).not.toContain("evil");
  });
});
