import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { fronting } from "./fronting.fixture.ts";
import { speak } from "./upstreams.fixture.ts";
import {
  answering,
  document,
  integer,
  json,
  JSON_TYPE,
  ok,
  parameter,
  post,
  shop,
  told,
} from "./checks.fixture.ts";

describe("a body of JSON", () => {
  it.each([
    ["what only replies have may be missing", { name: "a" }, []],
    [
      "a tree through a cycle",
      { name: "a", children: [{ name: "b", children: [{ name: "c" }] }] },
      [],
    ],
    [
      "every mistake at its place, however deep",
      { children: [{ name: "toolong", colour: 1 }] },
      [
        "body /name is missing",
        "body /children/0/colour is not known here",
        "body /children/0/name must NOT have more than 5 characters",
      ],
    ],
    ["nothing but an object", [], ["body  must be object; got array"]],
  ])("%s", async (_title, body, places) => {
    await using upstream = await answering();
    await using app = await shop(upstream);
    const got = await told(await post(`${app.url}/items`, JSON.stringify(body), JSON_TYPE));
    expect(got.places.toSorted()).toStrictEqual((places as readonly string[]).toSorted());
    expect(got.status).toBe(places.length === 0 ? 200 : 422);
    expect(upstream.seen).toHaveLength(places.length === 0 ? 1 : 0);
  });

  it("reaches the application byte for byte", async () => {
    await using upstream = await answering();
    await using app = await shop(upstream);
    const body = '{ "name" : "\\u0061" ,"id":"1e400" }';
    expect((await post(`${app.url}/items`, body, "application/json; charset=UTF-8")).status).toBe(
      200,
    );
    expect(upstream.seen[0]?.body).toBe(body);
  });

  it.each([
    ["a key that is there twice", '{"name":"a","name":"b"}', 400, "gateway.bodyUnreadable"],
    [
      "a key twice in another spelling",
      '{"name":"a","n\\u0061me":"b"}',
      400,
      "gateway.bodyUnreadable",
    ],
    ["no JSON", "{", 400, "gateway.bodyUnreadable"],
    ["no UTF-8", Buffer.from([0x22, 0xff, 0x22]), 400, "gateway.bodyUnreadable"],
    ["nesting without end", "[".repeat(300_000), 400, "gateway.bodyUnreadable"],
    [
      "nesting beyond 200",
      `${'{"children":['.repeat(300)}${"]}".repeat(300)}`,
      400,
      "gateway.bodyUnreadable",
    ],
    ["`__proto__`", '{"name":"a","__proto__":{"id":"x"}}', 422, "gateway.requestInvalid"],
    ["`constructor`", '{"name":"a","constructor":1}', 422, "gateway.requestInvalid"],
    [
      "more than the bound",
      JSON.stringify({ name: "x".repeat(3_000) }),
      413,
      "gateway.bodyTooLarge",
    ],
    ["nothing", "", 422, "gateway.requestInvalid"],
  ])("with %s is refused", async (_title, body, status, code) => {
    await using upstream = await answering();
    await using app = await shop(upstream, {
      validateBodyBytesMax: code === "gateway.bodyTooLarge" ? 2_000 : 1_048_576,
    });
    expect(await told(await post(`${app.url}/items`, body, JSON_TYPE))).toMatchObject({
      status,
      code,
    });
    expect(upstream.seen).toHaveLength(0);
  });

  it("of another type, or in another character set, is 415 and told what is taken", async () => {
    await using upstream = await answering();
    await using app = await shop(upstream);
    for (const type of [
      "text/plain",
      "application/xml",
      "application/json; charset=latin1",
      "nonsense",
    ]) {
      const got = await post(`${app.url}/items`, "{}", type);
      expect(got.status, type).toBe(415);
      expect(JSON.stringify(await got.json())).toContain("send one of: application/json");
    }
    const none = await speak(
      app.url,
      "POST /items HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    );
    expect(none).toMatch(/^HTTP\/1\.1 415 /);
  });

  it("with a content coding is decoded, forwarded as it came, and stopped where it is a bomb", async () => {
    await using upstream = await answering();
    await using app = await shop(upstream, { validateBodyBytesMax: 100_000 });
    const good = JSON.stringify({ name: "a" });
    for (const [coding, bytes] of [
      ["gzip", gzipSync(good)],
      ["zstd", zstdCompressSync(good)],
    ] as const) {
      expect(
        (await post(`${app.url}/items`, bytes, JSON_TYPE, { "content-encoding": coding })).status,
      ).toBe(200);
      expect(upstream.seen.at(-1)?.headers["content-encoding"]).toBe(coding);
    }
    const bad = gzipSync(JSON.stringify({ name: "toolong" }));
    expect(
      (await told(await post(`${app.url}/items`, bad, JSON_TYPE, { "content-encoding": "gzip" })))
        .status,
    ).toBe(422);
    const bomb = gzipSync(Buffer.alloc(50_000_000, 0x20));
    expect(
      await told(await post(`${app.url}/items`, bomb, JSON_TYPE, { "content-encoding": "gzip" })),
    ).toMatchObject({ status: 413 });
    for (const coding of ["gzip, gzip", "compress", "__proto__"]) {
      expect(
        await told(await post(`${app.url}/items`, good, JSON_TYPE, { "content-encoding": coding })),
      ).toMatchObject({
        status: 415,
        code: "gateway.contentCodingRefused",
      });
    }
    expect(
      await told(await post(`${app.url}/items`, good, JSON_TYPE, { "content-encoding": "br" })),
    ).toMatchObject({ status: 400 });
    expect(upstream.seen).toHaveLength(2);
  });

  it("is judged by what lies beside a reference too (unevaluatedProperties)", async () => {
    await using upstream = await answering();
    await using app = await shop(upstream);
    expect((await post(`${app.url}/closed`, '{"base":"a","extra":1}', JSON_TYPE)).status).toBe(200);
    const got = await told(await post(`${app.url}/closed`, '{"base":1,"other":1}', JSON_TYPE));
    expect(got.places.toSorted()).toStrictEqual([
      "body /base must be string; got number",
      "body /other is not known here",
    ]);
  });

  it("and path and query are told together", async () => {
    await using upstream = await answering();
    const both = {
      "/x/{id}": {
        post: {
          parameters: [parameter("id", "path", integer)],
          requestBody: json({ type: "object", required: ["a"] }),
          ...ok,
        },
      },
    };
    await using app = await fronting(upstream, { openapi: document(both) });
    const got = await told(await post(`${app.url}/x/y`, "{}", JSON_TYPE));
    expect(got.places).toStrictEqual([
      "path /id must be integer; got string",
      "body /a is missing",
    ]);
  });
});
