import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { fronting } from "./fronting.fixture.ts";
import type { FrontingApp } from "./fronting.fixture.ts";
import { httpUpstream, speak } from "./upstreams.fixture.ts";
import type { Upstream } from "./upstreams.fixture.ts";

const text = { type: "string" };
const integer = { type: "integer" };
const list = (items: object): object => ({ type: "array", items });
const json = (schema: object): object => ({ content: { "application/json": { schema } } });
const ok = { responses: { 200: { description: "Good" } } };

function parameter(name: string, place: string, schema: object, more: object = {}): object {
  return { name, in: place, schema, ...(place === "path" ? { required: true } : {}), ...more };
}

const Item = {
  type: "object",
  required: ["id", "name"],
  properties: {
    id: { type: "string", readOnly: true },
    name: { type: "string", maxLength: 5 },
    secret: { type: "string", writeOnly: true },
    children: list({ $ref: "#/components/schemas/Item" }),
  },
  additionalProperties: false,
};

function document(paths: object): object {
  return {
    openapi: "3.1.0",
    info: { title: "Shop", version: "1" },
    paths,
    components: {
      schemas: {
        Item,
        Closed: {
          allOf: [{ $ref: "#/components/schemas/Base" }],
          properties: { extra: integer },
          unevaluatedProperties: false,
        },
        Base: { type: "object", properties: { base: text } },
      },
    },
  };
}

const paths = {
  "/items": {
    post: {
      operationId: "createItem",
      requestBody: { required: true, ...json({ $ref: "#/components/schemas/Item" }) },
      ...ok,
    },
    get: {
      operationId: "listItems",
      parameters: [
        parameter("limit", "query", { type: "integer", minimum: 1, maximum: 100 }),
        parameter("ids", "query", list(integer)),
        parameter("csv", "query", list(integer), { style: "form", explode: false }),
        parameter("pipes", "query", list(integer), { style: "pipeDelimited", explode: false }),
        parameter("spaces", "query", list(integer), { style: "spaceDelimited", explode: false }),
        parameter(
          "filter",
          "query",
          {
            type: "object",
            properties: { min: integer, tags: list(text) },
            additionalProperties: false,
          },
          { style: "deepObject" },
        ),
        parameter(
          "where",
          "query",
          { type: "object", properties: { a: integer } },
          {
            content: {
              "application/json": { schema: { type: "object", properties: { a: integer } } },
            },
            schema: undefined,
          },
        ),
        parameter("page", "query", {
          type: "object",
          properties: { offset: integer, size: integer },
          required: ["offset"],
        }),
        parameter("ids[]", "query", list(integer)),
        parameter("flag", "query", { type: "boolean" }, { allowEmptyValue: true }),
        parameter("X-Count", "header", integer),
        parameter("X-List", "header", list(integer)),
        parameter("session", "cookie", { type: "string", minLength: 3 }),
      ],
      ...ok,
    },
  },
  "/items/{id}": {
    parameters: [parameter("id", "path", integer)],
    get: { operationId: "getItem", ...ok },
  },
  "/files/{name}.pdf": {
    get: {
      operationId: "getPdf",
      parameters: [parameter("name", "path", { type: "string", pattern: "^[a-zé]+$" })],
      ...ok,
    },
  },
  "/matrix/{list}": {
    get: {
      parameters: [parameter("list", "path", list(integer), { style: "matrix", explode: true })],
      ...ok,
    },
  },
  "/closed": { post: { requestBody: json({ $ref: "#/components/schemas/Closed" }), ...ok } },
  "/forms": {
    post: {
      requestBody: {
        content: {
          "application/x-www-form-urlencoded": {
            schema: {
              type: "object",
              required: ["amount"],
              properties: {
                amount: integer,
                items: list({
                  type: "object",
                  properties: { price: text, quantity: integer },
                  required: ["price"],
                }),
                metadata: {
                  anyOf: [{ type: "object", additionalProperties: text }, { enum: [""] }],
                },
                when: { anyOf: [{ type: "object", properties: { gt: integer } }, integer] },
              },
              additionalProperties: false,
            },
          },
        },
      },
      ...ok,
    },
  },
  "/uploads": {
    post: {
      requestBody: {
        required: true,
        content: {
          "multipart/form-data": {
            schema: {
              type: "object",
              required: ["title", "file"],
              properties: {
                title: { type: "string", minLength: 2 },
                count: integer,
                meta: { type: "object", required: ["a"] },
                file: { type: "string", minLength: 10 },
              },
            },
          },
          "image/*": {},
        },
      },
      ...ok,
    },
  },
};

async function shop(upstream: Upstream, more: Record<string, unknown> = {}): Promise<FrontingApp> {
  return fronting(upstream, { openapi: document(paths), ...more });
}

const answering = (): Promise<Upstream> => httpUpstream((_request, response) => response.end("{}"));

interface Told {
  readonly status: number;
  readonly code: string | undefined;
  readonly places: readonly string[];
}

async function told(reply: Response): Promise<Told> {
  if (reply.status === 200) return { status: 200, code: undefined, places: [] };
  const problem = (await reply.json()) as {
    readonly code: string;
    readonly errors?: readonly {
      readonly in?: string;
      readonly pointer: string;
      readonly detail: string;
    }[];
  };
  const places = (problem.errors ?? []).map(
    (each) => `${each.in ?? "body"} ${each.pointer} ${each.detail}`,
  );
  return { status: reply.status, code: problem.code, places };
}

const post = (
  url: string,
  body: RequestInit["body"],
  type?: string,
  more: Record<string, string> = {},
): Promise<Response> =>
  fetch(url, {
    method: "POST",
    body: body ?? null,
    headers: { ...(type === undefined ? {} : { "content-type": type }), ...more },
  });

const FORM = "application/x-www-form-urlencoded";
const JSON_TYPE = "application/json";

describe("parameters", () => {
  it.each([
    ["/items?limit=5&ids=1&ids=2&csv=1,2&pipes=1|2&spaces=1%202"],
    ["/items?limit=5&csv=&ids=7"],
    ["/items?filter[min]=1&filter[tags][]=a&filter[tags][]=b"],
    ["/items?filter%5Bmin%5D=1&filter[tags][0]=a&filter[tags][1]=b"],
    ["/items?where=%7B%22a%22%3A1%7D&offset=3&size=2&ids[]=1&ids[]=2"],
    ["/items?flag&unknown=1&flag2=x"],
    ["/items?flag=true"],
    ["/items/7"],
    ["/files/caf%C3%A9.pdf"],
    ["/matrix/;list=1;list=2"],
  ])("%s fits and reaches the application as it came", async (path) => {
    await using upstream = await answering();
    await using app = await shop(upstream);
    const reply = await speak(
      app.url,
      `GET ${path.replaceAll("|", "%7C")} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    );
    expect(reply).toMatch(/^HTTP\/1\.1 200 /);
    expect(upstream.seen[0]?.url).toBe(path.replaceAll("|", "%7C"));
  });

  it.each([
    ["/items?limit=0", ["query /limit must be >= 1"]],
    [
      "/items?limit=abc&ids=x",
      ["query /limit must be integer; got string", "query /ids/0 must be integer; got string"],
    ],
    ["/items?limit=1&limit=2", ["query /limit must be integer; got array"]],
    ["/items?csv=1,b", ["query /csv/1 must be integer; got string"]],
    ["/items?pipes=1%7Cx", ["query /pipes/1 must be integer; got string"]],
    [
      "/items?filter[min]=x&filter[other]=1",
      ["query /filter/other is not known here", "query /filter/min must be integer; got string"],
    ],
    ["/items?filter[__proto__]=1", ["query /filter/__proto__ is not known here"]],
    ["/items?where=%7B", ["query /where is not JSON"]],
    ["/items?size=2", ["query /page/offset is missing"]],
    ["/items?ids[]=x", ["query /ids[]/0 must be integer; got string"]],
    ["/items?flag=maybe", ["query /flag must be boolean; got string"]],
    ["/items?limit=%ff", ["query  holds escapes that are no UTF-8"]],
    ["/items/seven", ["path /id must be integer; got string"]],
    ["/files/UPPER.pdf", ['path /name must match pattern "^[a-zé]+$"']],
    ["/matrix/;list=1;list=b", ["path /list/1 must be integer; got string"]],
  ])("%s is refused with every place", async (path, places) => {
    await using upstream = await answering();
    await using app = await shop(upstream);
    const got = await told(await fetch(`${app.url}${path}`));
    expect(got).toStrictEqual({ status: 422, code: "gateway.requestInvalid", places });
    expect(upstream.seen).toHaveLength(0);
  });

  it("in header fields and cookies are checked too", async () => {
    await using upstream = await answering();
    await using app = await shop(upstream);
    const good = { "x-count": "3", "x-list": "1, 2", cookie: "a=b; session=abcd" };
    expect((await fetch(`${app.url}/items`, { headers: good })).status).toBe(200);
    const bad = { "x-count": "three", "x-list": "1, b", cookie: "session=ab" };
    expect((await told(await fetch(`${app.url}/items`, { headers: bad }))).places).toStrictEqual([
      "header /X-Count must be integer; got string",
      "header /X-List/1 must be integer; got string",
      "cookie /session must NOT have fewer than 3 characters",
    ]);
  });

  it("beyond 2,000 are refused", async () => {
    await using upstream = await answering();
    await using app = await shop(upstream);
    const got = await told(await fetch(`${app.url}/items?${"a&".repeat(2_100)}`));
    expect(got.places).toStrictEqual(["query  has more than 2000 parameters"]);
  });
});

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
    expect(got.places.toSorted()).toStrictEqual(places.toSorted());
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

describe("a form", () => {
  it.each([
    ["amount=5&items[0][price]=p&items[0][quantity]=2&items[1][price]=q"],
    ["amount=5&metadata[a]=1&metadata[0]=x&when[gt]=4"],
    ["amount=5&metadata=&when=4"],
    ["amount=5&items[][price]=p"],
    ["amount=%35&metadata%5Ba+b%5D=c%2Bd"],
  ])("%s fits", async (body) => {
    await using upstream = await answering();
    await using app = await shop(upstream);
    expect(await told(await post(`${app.url}/forms`, body, FORM))).toMatchObject({ status: 200 });
    expect(upstream.seen[0]?.body).toBe(body);
  });

  it.each([
    ["", ["body /amount is missing"]],
    [
      "amount=x&other=1",
      ["body /amount must be integer; got string", "body /other is not known here"],
    ],
    [
      "amount=1&items[0][quantity]=two",
      ["body /items/0/price is missing", "body /items/0/quantity must be integer; got string"],
    ],
    ["amount=1&metadata=text", ["body /metadata fits none of the forms it may have; got string"]],
    ["amount=1&amount=2", ["body /amount must be integer; got array"]],
    ["amount=1&amount[a]=2", ["body /amount must be integer; got array"]],
    ["amount=1&__proto__[polluted]=1", ["body /__proto__ is not known here"]],
    [`amount=1&items${"[0]".repeat(50)}=1`, [`body /items${"[0]".repeat(50)} is not known here`]],
  ])("%s is refused with every place", async (body, places) => {
    await using upstream = await answering();
    await using app = await shop(upstream);
    // An empty body is no form at all, and this one is not required: a space makes it one that has nothing.
    const got = await told(await post(`${app.url}/forms`, body === "" ? "&" : body, FORM));
    expect(got.places.toSorted()).toStrictEqual(places.toSorted());
    expect(upstream.seen).toHaveLength(0);
  });
});

describe("multipart", () => {
  const part = (name: string, body: string, more = ""): string =>
    `--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${body}\r\n`;
  const TYPE = 'multipart/form-data; boundary="b"';

  it("has its fields checked, and its files only for being there", async () => {
    await using upstream = await answering();
    await using app = await shop(upstream);
    const file = part("file", "tiny", '; filename="a.txt"');
    const good = `${part("title", "Hi")}${part("count", "3")}${part("meta", '{"a":1}')}${file}--b--\r\n`;
    expect((await post(`${app.url}/uploads`, good, TYPE)).status).toBe(200);
    expect(upstream.seen[0]?.body).toBe(good);
    const bad = `${part("title", "H")}${part("count", "x")}${part("meta", "{}")}--b--\r\n`;
    const got = await told(await post(`${app.url}/uploads`, bad, TYPE));
    expect(got.places.toSorted()).toStrictEqual([
      "body /count must be integer; got string",
      "body /file is missing",
      "body /meta/a is missing",
      "body /title must NOT have fewer than 2 characters",
    ]);
  });

  it.each([["--b\r\n"], ["nothing"], ["--b\r\nX: y\r\n\r\nz\r\n--b--\r\n"]])(
    "that cannot be read is 400: %j",
    async (body) => {
      await using upstream = await answering();
      await using app = await shop(upstream);
      expect(await told(await post(`${app.url}/uploads`, body, TYPE))).toMatchObject({
        status: 400,
      });
    },
  );

  it("beyond the bound, and what is of no checked type, streams on unchecked", async () => {
    await using upstream = await answering();
    await using app = await shop(upstream, { validateBodyBytesMax: 2_000 });
    const large = `${part("title", "x".repeat(5_000))}--b--\r\n`;
    expect((await post(`${app.url}/uploads`, large, TYPE)).status).toBe(200);
    expect((await post(`${app.url}/uploads`, Buffer.alloc(10_000), "image/png")).status).toBe(200);
    expect((await post(`${app.url}/uploads`, Buffer.alloc(10), "video/mp4")).status).toBe(415);
    expect(upstream.seen.map(({ body }) => body.length)).toStrictEqual([large.length, 10_000]);
  });
});

describe("a refused request", () => {
  it("costs nothing, and is told of only to whom the route lets in", async () => {
    await using upstream = await answering();
    await using app = await shop(upstream, { auth: "key", rateLimit: 1 });
    expect((await fetch(`${app.url}/items?limit=0`)).status).toBe(401);
    const { headers } = app.as({ kind: "key", subject: "key_1", permissions: [] });
    for (let time = 0; time < 3; time += 1) {
      expect((await fetch(`${app.url}/items?limit=0`, { headers })).status).toBe(422);
    }
    expect((await fetch(`${app.url}/items`, { headers })).status).toBe(200);
    expect((await fetch(`${app.url}/items`, { headers })).status).toBe(429);
  });

  it("is not refused where checks are off, for the API or for one route", async () => {
    await using upstream = await answering();
    await using off = await shop(upstream, { validate: "off" });
    expect((await fetch(`${off.url}/items?limit=0`)).status).toBe(200);
    await using one = await shop(upstream, {
      routes: [{ path: "/items", methods: ["GET"], validate: "off" }],
    });
    expect((await fetch(`${one.url}/items?limit=0`)).status).toBe(200);
    expect((await fetch(`${one.url}/items/x`)).status).toBe(422);
  });
});

describe("replies", () => {
  const replies = {
    "/item": {
      get: {
        operationId: "item",
        responses: {
          200: { description: "x", ...json({ $ref: "#/components/schemas/Item" }) },
          "4XX": { description: "x", ...json({ type: "object", required: ["error"] }) },
          204: { description: "None" },
        },
      },
    },
  };
  const item = { id: "1", name: "a" };

  async function asked(
    mode: string,
    reply: {
      readonly status?: number;
      readonly type?: string;
      readonly body: string | Buffer;
      readonly chunks?: number;
      readonly coding?: string;
    },
    more: Record<string, unknown> = {},
  ): Promise<{ readonly status: number; readonly text: string }> {
    await using upstream = await httpUpstream((_request, response) => {
      const coding = reply.coding === undefined ? {} : { "content-encoding": reply.coding };
      response.writeHead(reply.status ?? 200, {
        "content-type": reply.type ?? JSON_TYPE,
        ...coding,
      });
      const { body, chunks = 1 } = reply;
      const size = Math.ceil(body.length / chunks);
      for (let index = 0; index < chunks; index += 1)
        response.write(body.slice(index * size, (index + 1) * size));
      response.end();
    });
    await using app = await fronting(upstream, {
      openapi: document(replies),
      responses: mode,
      ...more,
    });
    const got = await fetch(`${app.url}/item`);
    const text = await got.text();
    return { status: got.status, text };
  }

  it.each([
    ["fits", { body: JSON.stringify(item) }, 200],
    [
      "fits in pieces",
      { body: JSON.stringify({ ...item, children: [item, item] }), chunks: 7 },
      200,
    ],
    ["fits under its coding", { body: gzipSync(JSON.stringify(item)), coding: "gzip" }, 200],
    ["lacks what only requests have", { body: JSON.stringify(item) }, 200],
    ["is of a family of statuses", { status: 404, body: '{"error":1}' }, 404],
    ["is a failure that nobody described", { status: 503, type: "text/plain", body: "busy" }, 503],
    ["lacks a member", { body: '{"name":"a"}' }, 502],
    [
      "has a member too many, deep inside",
      { body: JSON.stringify({ ...item, children: [{ ...item, x: 1 }] }), chunks: 5 },
      502,
    ],
    ["does not fit under its coding", { body: gzipSync("{}"), coding: "gzip" }, 502],
    ["is no JSON", { body: "<html>" }, 502],
    ["is of another type", { type: "text/html", body: "<html>" }, 502],
    ["is of a status that nobody described", { status: 201, body: JSON.stringify(item) }, 502],
    ["is of a family and does not fit", { status: 404, body: "{}" }, 502],
  ])("that are enforced: one that %s is %j → %i", async (_title, reply, status) => {
    const got = await asked("enforce", reply);
    expect(got.status).toBe(status);
    expect(got.text.includes("gateway.replyInvalid")).toBe(status === 502);
  });

  it("that are reported go on as they are", async () => {
    const wrong = JSON.stringify({ wrong: "x".repeat(500) });
    for (const chunks of [1, 9]) {
      expect(await asked("report", { body: wrong, chunks })).toStrictEqual({
        status: 200,
        text: wrong,
      });
    }
  });

  it("beyond the bound go on unchecked and whole", async () => {
    const large = JSON.stringify({ wrong: "x".repeat(20_000) });
    for (const mode of ["enforce", "report"]) {
      for (const chunks of [1, 9]) {
        const got = await asked(mode, { body: large, chunks }, { validateBodyBytesMax: 4_096 });
        expect(got).toStrictEqual({ status: 200, text: large });
      }
    }
  });
});

describe("an API with a document", () => {
  it("begins where the document's server does, unless a base path is set", async () => {
    await using upstream = await answering();
    const openapi = {
      ...document(paths),
      servers: [
        {
          url: "https://{region}.example.com/api/{v}",
          variables: { v: { default: "1.0" }, region: { default: "eu" } },
        },
      ],
    };
    await using app = await fronting(upstream, { openapi });
    expect((await fetch(`${app.url}/api/1.0/items`)).status).toBe(200);
    expect((await fetch(`${app.url}/items`)).status).toBe(404);
    await using other = await fronting(upstream, {
      openapi,
      basePath: "/shop",
      stripBasePath: true,
    });
    expect((await fetch(`${other.url}/shop/items/7`)).status).toBe(200);
    expect(upstream.seen.map(({ url }) => url)).toStrictEqual(["/api/1.0/items", "/items/7"]);
  });

  it("has further routes from the configuration, and those of the document changed by it", async () => {
    await using upstream = await answering();
    await using app = await shop(upstream, {
      routes: [
        { path: "/items/{anything}", auth: "key" },
        { path: "/extra" },
        { path: "/items", methods: ["GET", "DELETE"], rateLimit: 1 },
      ],
    });
    expect((await fetch(`${app.url}/extra`, { method: "PATCH" })).status).toBe(200);
    expect((await fetch(`${app.url}/items/7`)).status).toBe(401);
    expect((await fetch(`${app.url}/items`, { method: "DELETE" })).status).toBe(200);
    expect((await fetch(`${app.url}/items`, { method: "PUT" })).status).toBe(405);
    expect((await fetch(`${app.url}/items`)).status).toBe(200);
    expect((await fetch(`${app.url}/items`)).status).toBe(429);
  });

  it("is refused at start with every mistake of document and configuration", async () => {
    await using upstream = await answering();
    const broken = {
      openapi: "3.1.0",
      info: { title: "a", version: "1" },
      paths: {
        "/a": {
          get: { ...ok, parameters: [{ $ref: "#/no" }] },
          post: { ...ok, "x-rate-limit": 0 },
        },
      },
    };
    const { mistakes, why } = await refusedStart(upstream, broken);
    expect(mistakes).toBe(2);
    expect(why).toMatch(
      /\/paths\/~1a\/post\/x-rate-limit must be a whole number.*refers to '#\/no'/,
    );
    const odd = document({
      "/a": { get: { ...ok, "x-portico-route": { pth: "/b", rateLimit: "often" } } },
    });
    expect((await refusedStart(upstream, odd)).why).toMatch(/'pth' is no setting.*\/rateLimit/);
  });
});

async function refusedStart(
  upstream: Upstream,
  openapi: object,
): Promise<{ readonly mistakes: unknown; readonly why: string }> {
  const error: unknown = await fronting(upstream, { openapi }).catch((thrown: unknown) => thrown);
  const { cause } = error as {
    readonly cause: Error & { readonly options: { params: { count: unknown } } };
  };
  return { mistakes: cause.options.params.count, why: cause.message };
}
