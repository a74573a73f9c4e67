import { Type } from "typebox";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { operation } from "../contract/index.ts";
import { countNotes, createNote, testServer, type TestServer } from "./test-server.fixture.ts";
import type { InjectReply } from "./options.ts";

const listNotes = operation({
  id: "notes.list",
  method: "GET",
  path: "/notes",
  summary: "List",
  access: "public",
  mode: "read",
  query: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, default: 5 })),
    tag: Type.Optional(Type.Array(Type.String())),
  }),
  replies: { 200: Type.Object({ limit: Type.Integer(), tag: Type.Array(Type.String()) }) },
  example: {},
  handle: ({ query }) => ({ limit: query.limit, tag: query.tag ?? [] }),
});
const getNote = operation({
  id: "notes.get",
  method: "GET",
  path: "/notes/{id}",
  summary: "Get",
  access: "caller",
  mode: "read",
  params: Type.Object({ id: Type.String({ minLength: 2 }) }),
  query: Type.Object({ depth: Type.Optional(Type.Integer()) }),
  replies: { 200: Type.Object({ id: Type.String() }) },
  example: { path: { id: "n1" } },
  handle: ({ path }) => ({ id: path.id }),
});

let server: TestServer;
beforeAll(async () => {
  server = await testServer({ operations: [createNote, listNotes, getNote] });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const writer = { "x-test": "key_1 notes:write" };
const post = (
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<InjectReply> =>
  server.send({ method: "POST", path: "/api/v1/notes", headers: { ...writer, ...headers }, body });
const postText = (text: string | Uint8Array): Promise<InjectReply> =>
  post(text, { "content-type": "application/json" });

function expectProblem(answer: InjectReply, status: number, code: string): void {
  expect({ status: answer.status, body: answer.json() }).toMatchObject({
    status,
    body: { status, code, type: `https://api.example.com/docs/errors/${code}` },
  });
  expect(answer.headers["content-type"]).toBe("application/problem+json");
  expect(answer.json()).toMatchObject({ requestId: answer.headers["x-request-id"] });
}

describe("where and how", () => {
  test("an unknown path is 404", async () => {
    expectProblem(await server.send({ path: "/api/v1/nothing" }), 404, "request.notFound");
    expectProblem(await server.send({ path: "/" }), 404, "request.notFound");
    expectProblem(await server.send({ path: "/api/v1/notes/" }), 404, "request.notFound");
  });

  test("a known path with another method is 405 and says which it takes", async () => {
    const answer = await server.send({ method: "DELETE", path: "/api/v1/notes" });
    expectProblem(answer, 405, "request.methodNotAllowed");
    expect(answer.headers["allow"]).toBe("POST, GET, HEAD, OPTIONS");
  });

  test("the API without a version is the current one", async () => {
    const answer = await server.send({ method: "GET", path: "/api/notes?limit=3" });
    expect(answer.json()).toEqual({ limit: 3, tag: [] });
  });

  test.each([
    ["text/plain", "request.mediaType"],
    ["application/json; charset=latin1", "request.mediaType"],
    ["application/jsonp", "request.mediaType"],
    ["", "request.mediaType"],
  ])("the media type '%s' is 415", async (type, code) => {
    expectProblem(await post("{}", { "content-type": type }), 415, code);
  });

  test("a compressed body is 415", async () => {
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    expectProblem(await post("{}", headers), 415, "request.contentEncoding");
  });

  test.each(["application/json", "application/json; charset=UTF-8", "application/vnd.x+json"])(
    "the media type '%s' is taken",
    async (type) => {
      const answer = await post(`{"text":"Hi"}`, { "content-type": type });
      expect(answer.status).toBe(201);
    },
  );

  test("a path that cannot be decoded is 400", async () => {
    const answer = await server.send({ path: "/api/v1/notes/%zz", headers: writer });
    expectProblem(answer, 400, "request.badPath");
  });

  test("U+0000 in the address is 422", async () => {
    const answer = await server.send({ path: "/api/v1/notes/a%00b", headers: writer });
    expectProblem(answer, 422, "request.text");
  });

  test("more than 1,000 query parameters are refused, 1,000 are not", async () => {
    const query = (count: number): string => Array.from({ length: count }, () => "tag=a").join("&");
    const refused = await server.send({ path: `/api/v1/notes?${query(1_001)}` });
    expectProblem(refused, 400, "request.tooManyParameters");
    expect((await server.send({ path: `/api/v1/notes?${query(1_000)}` })).status).toBe(200);
  });

  test("an address longer than 16,384 characters is 414", async () => {
    const answer = await server.send({ path: `/api/v1/notes?tag=${"a".repeat(16_384)}` });
    expectProblem(answer, 414, "request.uriTooLong");
  });
});

describe("bodies", () => {
  test.each([
    ["cut off", `{"text":"Hi`],
    ["trailing comma", `{"text":"Hi",}`],
    ["two values", `{"text":"Hi"} {}`],
    ["a key twice", `{"text":"a","text":"b"}`],
    ["a key twice, once escaped", String.raw`{"text":"a","t\u0065xt":"b"}`],
    ["__proto__", `{"text":"a","__proto__":{"admin":true}}`],
    ["constructor.prototype", `{"text":"a","constructor":{"prototype":{"admin":true}}}`],
    ["a byte order mark", `\uFEFF{"text":"a"}`],
    ["10,000 levels", `${"[".repeat(10_000)}${"]".repeat(10_000)}`],
    ["10,000 open levels", `{"a":`.repeat(10_000)],
  ])("JSON with %s is 400", async (_name, text) => {
    expectProblem(await postText(text), 400, "request.malformed");
  });

  test("invalid UTF-8 is 400", async () => {
    const bytes = Uint8Array.of(0x22, 0xc3, 0x28, 0x22);
    expectProblem(await postText(bytes), 400, "request.malformed");
  });

  test.each([String.raw`{"text":"a\u0000b"}`, String.raw`{"text":"\ud800"}`])(
    "text that cannot be stored is 422: %s",
    async (text) => {
      expectProblem(await postText(text), 422, "request.text");
    },
  );

  test("a number that JavaScript would alter is 422", async () => {
    expectProblem(await postText(`{"text":9007199254740993}`), 422, "request.number");
  });

  test("a body above the limit is 413 and its connection ends", async () => {
    const answer = await postText(`{"text":"${"a".repeat(10_000_000)}"}`);
    expectProblem(answer, 413, "request.bodyTooLarge");
    expect(answer.headers["connection"]).toBe("close");
  });

  test("a body that is missing is 422 with a pointer to the whole", async () => {
    const answer = await server.send({ method: "POST", path: "/api/v1/notes", headers: writer });
    expectProblem(answer, 422, "request.invalid");
    expect(answer.json()).toMatchObject({
      errors: [{ pointer: "", detail: "a JSON body is missing" }],
    });
  });

  test("everything wrong is told at once, each with its pointer", async () => {
    const answer = await post({ text: 5, "a/b": 1, c: 2 });
    expectProblem(answer, 422, "request.invalid");
    const { errors } = answer.json() as { errors: { pointer: string }[] };
    expect(errors).toHaveLength(3);
    expect(errors).toEqual(
      expect.arrayContaining([
        { pointer: "/text", detail: "must be string; got number" },
        { pointer: "/a~1b", detail: "is not known here" },
        { pointer: "/c", detail: "is not known here" },
      ]),
    );
  });

  test("path and query are named beside each other", async () => {
    const answer = await server.send({ path: "/api/v1/notes/x?depth=y", headers: writer });
    expect(answer.json()).toMatchObject({
      errors: [
        { pointer: "/id", in: "path" },
        { pointer: "/depth", in: "query", detail: "must be integer; got string" },
      ],
    });
  });

  test("one value where a list is meant is a list of one", async () => {
    const answer = await server.send({ path: "/api/v1/notes?tag=a" });
    expect(answer.json()).toEqual({ limit: 5, tag: ["a"] });
  });
});

describe("who", () => {
  test("nobody is 401 and is told every form of credential", async () => {
    const answer = await server.send({ path: "/api/v1/notes/n1" });
    expectProblem(answer, 401, "access.unauthenticated");
    expect(answer.headers["www-authenticate"]).toBe('Test, Basic realm="notes"');
  });

  test("a refused credential is 401 with the same header", async () => {
    const answer = await server.send({ path: "/api/v1/notes/n1", headers: { "x-test": "bad" } });
    expectProblem(answer, 401, "access.unauthenticated");
    expect(answer.headers["www-authenticate"]).toBe('Test, Basic realm="notes"');
  });

  test("two credentials are 400", async () => {
    const headers = { ...writer, "x-second": "1" };
    const answer = await server.send({ path: "/api/v1/notes/n1", headers });
    expectProblem(answer, 400, "access.twoCredentials");
  });

  test("a missing permission is 403 and named", async () => {
    const headers = { "x-test": "key_2 notes:read" };
    const answer = await server.send({ method: "POST", path: "/api/v1/notes", headers, body: {} });
    expectProblem(answer, 403, "access.forbidden");
    expect(answer.json()).toMatchObject({ params: { permission: "notes:write" } });
  });

  test("who may not call is refused before the body is looked at", async () => {
    const answer = await server.send({ method: "POST", path: "/api/v1/notes", body: "not json" });
    expectProblem(answer, 401, "access.unauthenticated");
  });

  test("what is open to all stays open to the holder of a bad credential", async () => {
    const answer = await server.send({ path: "/api/v1/notes", headers: { "x-test": "bad" } });
    expect(answer.status).toBe(200);
  });
});

describe("failures", () => {
  test("a crash is 500, tells nothing, is logged, and stores nothing", async () => {
    const before = await countNotes(server);
    const answer = await post({ text: "crash" });
    expectProblem(answer, 500, "request.internal");
    expect(answer.text).not.toContain("hunter2");
    expect(server.logged.at(-1)?.fields).toMatchObject({
      operation: "notes.create",
      requestId: answer.headers["x-request-id"],
    });
    expect(await countNotes(server)).toBe(before);
  });

  test("a declared problem crosses with its params", async () => {
    const answer = await post({ text: "a".repeat(101) });
    expectProblem(answer, 422, "notes.tooLong");
    expect(answer.json()).toMatchObject({
      title: "Too long",
      detail: "The note is longer than 100 characters.",
      instance: "/api/v1/notes",
      params: { max: 100 },
    });
  });

  test("an undeclared problem is logged in production and a 500 elsewhere", async () => {
    expectProblem(await post({ text: "undeclared" }), 409, "notes.taken");
    expect(server.logged.at(-1)?.message).toContain("does not declare");
    await using strict = await testServer({ mode: "test" });
    const answer = await strict.send({
      method: "POST",
      path: "/api/v1/notes",
      headers: writer,
      body: { text: "undeclared" },
    });
    expectProblem(answer, 500, "request.internal");
  });

  test("the answer holds declared fields only", async () => {
    const answer = await post({ text: "Hi" });
    expect(Object.keys(answer.json() as object)).toEqual(["id", "text", "secret"]);
  });
});
