// Everything bad that a stranger may send: refused with a stable code, nothing told, and the server goes on.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectRefusal, makeKey, openHouse, talk, type House, type Refusal } from "./house.ts";

let house: House;
let strangers: Readonly<Record<"revoked" | "powerless" | "elsewhere", string>>;
beforeAll(async () => {
  house = await openHouse();
  const { app } = house;
  const revoked = await makeKey(app);
  await app.as().post(`/keys/key_${revoked.split("_")[2]}/revoke`);
  strangers = {
    revoked,
    powerless: await makeKey(app, { permissions: ["webhooks:read"] }),
    elsewhere: await makeKey(app, { permissions: ["*"] }, "org_other"),
  };
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

const head = (...lines: readonly string[]): string =>
  `${[...lines, "Connection: close"].join("\r\n")}\r\n\r\n`;
const HOST = "Host: api.example.com";
const auth = (key: string): string => `Authorization: Bearer ${key}`;
const get = (path: string, ...lines: readonly string[]): string =>
  head(`GET ${path} HTTP/1.1`, HOST, ...lines);
/** An event with this body. */
const post = (body: string | Uint8Array, path = "/api/v1/events"): Uint8Array =>
  Buffer.concat([
    Buffer.from(
      head(
        `POST ${path} HTTP/1.1`,
        HOST,
        auth(house.key),
        "Content-Type: application/json",
        `Content-Length: ${Buffer.byteLength(body)}`,
      ),
    ),
    Buffer.from(body),
  ]);
const event = (data: string): Uint8Array => post(`{"type":"a.b","data":${data}}`);

type Case = readonly [name: string, refusal: Refusal, bytes: () => string | Uint8Array];

async function expectRefused([, refusal, bytes]: Case): Promise<void> {
  expectRefusal(house, await talk(house.port, bytes()), refusal);
  await house.expectServing();
}

describe("an address", () => {
  const cases: readonly Case[] = [
    ["that nothing has", [404, "request.notFound"], () => get("/nothing")],
    ["below the API that nothing has", [404, "request.notFound"], () => get("/api/v1/nothing")],
    ["of a version to come", [404, "request.notFound"], () => get("/api/v9/keys")],
    ["that is no path", [400, "request.framing"], () => get("nothing")],
    ["of another host's API", [404, "request.notFound"], () => get("/hosted/a")],
    ["that no route of an API has", [404, "gateway.routeUnknown"], () => get("/routed/two")],
    [
      "that cannot be decoded",
      [400, "request.badPath"],
      () => get("/api/v1/keys/%zz", auth(house.key)),
    ],
    ["with dot segments", [400, "gateway.pathAmbiguous"], () => get("/shop/../../etc/passwd")],
    ["with a hidden slash", [400, "gateway.pathAmbiguous"], () => get("/shop/..%2f..%2fetc")],
    [
      "with 10,000 parameters",
      [400, "request.tooManyParameters"],
      () => get(`/api/v1/events?${"a&".repeat(7_000)}`, auth(house.key)),
    ],
    [
      "longer than 16,384 characters",
      [414, "request.uriTooLong"],
      () => get(`/api/v1/events?${"a=1&".repeat(10_000)}`),
    ],
    [
      "with a parameter out of range",
      [422, "request.invalid"],
      () => get("/api/v1/events?limit=-1", auth(house.key)),
    ],
    [
      "with a cursor nobody gave",
      [400, "request.cursor"],
      () => get("/api/v1/events?cursor=__proto__", auth(house.key)),
    ],
  ];
  test.each(cases)("%s", async (...each) => expectRefused(each));
});

describe("a method", () => {
  const cases: readonly Case[] = [
    [
      "that a path does not take",
      [405, "request.methodNotAllowed"],
      () => head("DELETE /api/v1/events HTTP/1.1", HOST),
    ],
    [
      "that a route does not take",
      [405, "gateway.methodNotAllowed"],
      () => head("DELETE /routed/one HTTP/1.1", HOST),
    ],
    ["that node does not know", [400, "request.framing"], () => head("BREW /pot HTTP/1.1", HOST)],
    [
      "CONNECT",
      [405, "request.methodNotAllowed"],
      () => head("CONNECT 127.0.0.1:22 HTTP/1.1", HOST),
    ],
    ["TRACE", [405, "request.methodNotAllowed"], () => head("TRACE /api/v1/keys HTTP/1.1", HOST)],
  ];
  test.each(cases)("%s", async (...each) => expectRefused(each));
});

describe("a head", () => {
  const cases: readonly Case[] = [
    ["of 100 kB", [431, "request.headersTooLarge"], () => get("/livez", `X: ${"a".repeat(1e5)}`)],
    [
      "of 100 kB in many lines",
      [431, "request.headersTooLarge"],
      () => get("/livez", ...Array.from({ length: 10_000 }, () => "X-Abc: abc")),
    ],
    ["without Host", [400, "request.framing"], () => head("GET /livez HTTP/1.1")],
    [
      "that asks for h2c",
      [400, "request.framing"],
      () => `GET /livez HTTP/1.1\r\n${HOST}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
    ],
    ["that is TLS", [400, "request.framing"], () => "\u0016\u0003\u0001\u0002\0\u0001\0\r\n\r\n"],
    ["of HTTP/2", [400, "request.framing"], () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    [
      "with another expectation",
      [417, "request.expectation"],
      () => get("/livez", "Expect: the-worst"),
    ],
    [
      "that would take Authorization from the application",
      [400, "gateway.headRefused"],
      () => get("/broken/a", "Connection: authorization"),
    ],
  ];
  test.each(cases)("%s", async (...each) => expectRefused(each));
});

describe("a body", () => {
  const deep = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;
  const cases: readonly Case[] = [
    ["that is missing", [422, "request.invalid"], () => post("")],
    ["that breaks off", [400, "request.malformed"], () => post(`{"type":"a.b"`)],
    ["that is no JSON", [400, "request.malformed"], () => post("<xml/>")],
    ["10,000 levels deep", [400, "request.malformed"], () => event(deep)],
    ["with a key twice", [400, "request.malformed"], () => post(`{"type":"a.b","type":"a.c"}`)],
    ["with __proto__", [400, "request.malformed"], () => event(`{"__proto__":{"x":1}}`)],
    [
      "with __proto__ in escapes",
      [400, "request.malformed"],
      () => event(String.raw`{"\u005f_proto__":{"x":1}}`),
    ],
    [
      "with constructor.prototype",
      [400, "request.malformed"],
      () => event(`{"constructor":{"prototype":{"x":1}}}`),
    ],
    [
      "in invalid UTF-8",
      [400, "request.malformed"],
      () => post(Buffer.from(`{"type":"a.b","data":"\u00ff"}`, "latin1")),
    ],
    ["in UTF-16", [422, "request.text"], () => post(Buffer.from(`{"type":"a"}`, "utf16le"))],
    [
      "with a byte order mark",
      [400, "request.malformed"],
      () => post(`\uFEFF{"type":"a.b","data":1}`),
    ],
    ["with U+0000", [422, "request.text"], () => event(String.raw`"a\u0000b"`)],
    ["with half a character", [422, "request.text"], () => event(String.raw`"\ud800"`)],
    [
      "of another type",
      [415, "request.mediaType"],
      () =>
        `${head("POST /api/v1/events HTTP/1.1", HOST, auth(house.key), "Content-Type: text/xml", "Content-Length: 2")}{}`,
    ],
    [
      "of no type",
      [415, "request.mediaType"],
      () => `${head("POST /api/v1/events HTTP/1.1", HOST, auth(house.key), "Content-Length: 2")}{}`,
    ],
    [
      "said to be larger than 10 MB",
      [413, "request.bodyTooLarge"],
      () =>
        head(
          "POST /api/v1/events HTTP/1.1",
          HOST,
          auth(house.key),
          "Content-Type: application/json",
          "Content-Length: 99999999999",
        ),
    ],
    [
      "in chunks larger than 10 MB",
      [413, "request.bodyTooLarge"],
      () =>
        `${head("POST /api/v1/events HTTP/1.1", HOST, auth(house.key), "Content-Type: application/json", "Transfer-Encoding: chunked")}${`40000\r\n${" ".repeat(0x4_00_00)}\r\n`.repeat(40)}`,
    ],
    [
      "larger than its route takes",
      [413, "gateway.bodyTooLarge"],
      () => `${head("POST /routed/one HTTP/1.1", HOST, "Content-Length: 11")}12345678901`,
    ],
    [
      "with a time that no clock shows",
      [422, "request.invalid"],
      () => post(`{"name":"a","expiresAt":"2099-12-31T23:59:60Z"}`, "/api/v1/keys"),
    ],
    [
      "with an event type of the server's own",
      [422, "events.reservedType"],
      () => post(`{"type":"webhook.created","data":{}}`),
    ],
  ];
  test.each(cases)("%s", async (...each) => expectRefused(each));
});

describe("a key", () => {
  const ask = (key: string): string => get("/api/v1/events", auth(key));
  const cases: readonly Case[] = [
    ["that is missing", [401, "access.unauthenticated"], () => get("/api/v1/events")],
    ["that is malformed", [401, "keys.invalid"], () => ask("ptc_live_short")],
    ["with a wrong checksum", [401, "keys.invalid"], () => ask(`${house.key.slice(0, -1)}!`)],
    ["of 60 kB", [401, "keys.invalid"], () => ask(`ptc_live_${"a".repeat(60_000)}`)],
    ["that was revoked", [401, "keys.invalid"], () => ask(strangers.revoked)],
    ["without the permission", [403, "access.forbidden"], () => ask(strangers.powerless)],
    [
      "of another organization",
      [404, "keys.notFound"],
      () => get(`/api/v1/keys/key_${house.key.split("_")[2]}`, auth(strangers.elsewhere)),
    ],
    [
      "that may not see the installation, whatever it may do in its organization",
      [403, "access.forbidden"],
      () => get("/api/v1/gateway/routes", auth(strangers.elsewhere)),
    ],
    [
      "given twice",
      [400, "keys.twoKeys"],
      () => get("/api/v1/events", auth(house.key), `X-API-Key: ${house.key}`),
    ],
    [
      "beside another Authorization",
      [400, "request.framing"],
      () => get("/api/v1/events", auth(house.key), "Authorization: Basic YTpi"),
    ],
    ["that a fronted API refuses", [401, "keys.invalid"], () => get("/shop/a", auth("ptc_live_x"))],
    ["that a fronted API misses", [401, "access.unauthenticated"], () => get("/shop/a")],
  ];
  test.each(cases)("%s", async (...each) => expectRefused(each));
});

describe("an application behind that", () => {
  const cases: readonly Case[] = [
    ["is not there", [502, "gateway.upstreamUnreachable"], () => get("/gone/a")],
    ["hangs", [504, "gateway.upstreamTimeout"], () => get("/broken/hangs")],
    ["resets the connection", [502, "gateway.upstreamClosed"], () => get("/broken/resets")],
    ["answers garbage", [502, "gateway.upstreamMalformed"], () => get("/broken/garbage")],
    ["answers an endless head", [502, "gateway.upstreamMalformed"], () => get("/broken/head")],
  ];
  test.each(cases)("%s", async (...each) => expectRefused(each));

  test.each(["short", "chunks", "resets-within"])(
    "breaks its reply (%s) breaks the caller's connection, so that half is never taken for whole",
    async (path) => {
      const heard = await talk(house.port, get(`/broken/${path}`));
      expect(heard).toMatch(/^HTTP\/1\.1 (?:200|502) /);
      expect(looksWhole(heard)).toBe(false);
      await house.expectServing();
    },
  );

  test("sends more than it said is cut where it said", async () => {
    expect(await talk(house.port, get("/broken/long"))).toMatch(/\r\n\r\nfour$/);
    await house.expectServing();
  });
});

test("a caller that stops within its body to an application is cut off, and the next is served", async () => {
  const heard = await talk(
    house.port,
    `${head("POST /broken/hangs HTTP/1.1", HOST, "Content-Length: 100")}half`,
  );
  expectRefusal(house, heard, [408, "gateway.callerTooSlow"]);
  await house.expectServing();
});

/** Whether a client would take an answer for complete and good: all it announced is there. */
function looksWhole(heard: string): boolean {
  const [head = "", body = ""] = heard.split(/\r\n\r\n([^]*)/);
  if (!head.startsWith("HTTP/1.1 200")) return false;
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  return length === undefined ? /(?:^|\r\n)0\r\n\r\n$/.test(body) : body.length >= Number(length);
}
