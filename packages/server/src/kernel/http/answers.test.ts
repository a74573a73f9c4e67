import { Type } from "typebox";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  anonymous,
  operation,
  reply,
  type Caller,
  type LimitDecision,
  type LimitRequest,
} from "../contract/index.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { checkRevision } from "./headers.ts";
import { accepted, findShapeMistakes, listOf, pageQuery } from "./shapes.ts";
import { createNote, testServer, type TestServer } from "./test-server.fixture.ts";

const Item = Type.Object({ id: Type.String(), revision: Type.Integer() });
const base = { access: "public", example: {} } as const;

const getItem = operation({
  ...base,
  id: "items.get",
  method: "GET",
  path: "/items/{id}",
  summary: "Get",
  mode: "read",
  params: Type.Object({ id: Type.String() }),
  replies: { 200: Item },
  handle: ({ path }) => ({
    id: path.id,
    revision: 7,
  }),
});
const putItem = operation({
  ...base,
  id: "items.put",
  method: "PUT",
  path: "/items/{id}",
  summary: "Put",
  mode: "write",
  audit: "none",
  params: Type.Object({ id: Type.String() }),
  replies: { 200: Item },
  handle: ({ path, ifMatch }) => {
    checkRevision(ifMatch, 7);
    return Promise.resolve({
      id: path.id,
      revision: 8,
    });
  },
});
const listItems = operation({
  ...base,
  id: "items.list",
  method: "GET",
  path: "/items",
  summary: "List",
  mode: "read",
  query: Type.Object({
    ...pageQuery,
    kind: Type.Optional(Type.String()),
  }),
  replies: { 200: listOf(Type.Object({ at: Type.Integer() })) },
  handle: ({ cursor, query }) => {
    const from = Number(cursor.after?.[0] ?? 0);
    const data = Array.from({ length: query.limit ?? 0 }, (_, index) => ({ at: from + index + 1 }));
    return {
      data,
      next: cursor.next([from + data.length, "x"]),
    };
  },
});
const hang = operation({
  ...base,
  id: "items.hang",
  method: "GET",
  path: "/hang",
  summary: "Hang",
  mode: "read",
  replies: { 200: Item },
  handle: () => new Promise(() => undefined),
});
const wrong = operation({
  ...base,
  id: "items.wrong",
  method: "GET",
  path: "/wrong",
  summary: "Wrong",
  mode: "read",
  replies: { 200: Item },
  handle: () => ({
    id: null,
    revision: 1,
  }),
});
const start = operation({
  ...base,
  id: "items.start",
  method: "POST",
  path: "/start",
  summary: "Start",
  mode: "read",
  limits: ["2/min"],
  replies: {
    202: accepted,
    204: null,
  },
  handle: ({ query }) =>
    Object.keys(query as object).length > 0
      ? reply(204, null, { "x-own": "1" })
      : {
          id: "job_1",
          status: "queued",
        },
});
const operations = [getItem, putItem, listItems, hang, wrong, start, createNote];

let server: TestServer;
beforeAll(async () => {
  server = await testServer({ operations, mode: "test" });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe("revisions", () => {
  test("an answer with a revision has it as its ETag, and is not sent again to who has it", async () => {
    const first = await server.send({ path: "/api/v1/items/a" });
    expect(first.headers["etag"]).toBe('"7"');
    const headers = { "if-none-match": '"6", "7"' };
    const again = await server.send({ path: "/api/v1/items/a", headers });
    expect(again.status).toBe(304);
    expect(again.text).toBe("");
  });

  test("If-Match of another revision is 412, of this one or * goes on", async () => {
    const put = (match: string): ReturnType<TestServer["send"]> =>
      server.send({ method: "PUT", path: "/api/v1/items/a", headers: { "if-match": match } });
    expect((await put('"6"')).json()).toMatchObject({
      status: 412,
      code: "request.revision",
      params: { revision: 7 },
    });
    expect((await put('"7"')).headers["etag"]).toBe('"8"');
    expect((await put("*")).status).toBe(200);
    for (const bad of ['W/"7"', "7", '"7", "8"', '"a"']) {
      expect((await put(bad)).json()).toMatchObject({ status: 400, code: "request.ifMatch" });
    }
  });
});

describe("cursors", () => {
  const page = async (query: string): Promise<{ data: { at: number }[]; next: string }> =>
    (await server.send({ path: `/api/v1/items?${query}` })).json() as never;

  test("the next page goes on where the last ended, with another size too", async () => {
    const first = await page("limit=2&kind=a");
    expect(first.data).toEqual([{ at: 1 }, { at: 2 }]);
    const second = await page(`limit=1&kind=a&cursor=${first.next}`);
    expect(second.data).toEqual([{ at: 3 }]);
  });

  test("a cursor that was altered, or belongs to other filters, is 400", async () => {
    const { next } = await page("limit=2&kind=a");
    const [payload = "", mac = ""] = next.split(".");
    const forged = Buffer.from(JSON.stringify([99, "x"])).toString("base64url");
    for (const query of [
      `kind=a&cursor=${forged}.${mac}`,
      `kind=a&cursor=${payload}`,
      `kind=a&cursor=${payload}.`,
      `kind=a&cursor=${next}.x`,
      `kind=b&cursor=${next}`,
      `cursor=${next}`,
      "kind=a&cursor=",
    ]) {
      expect(await page(query)).toMatchObject({ status: 400, code: "request.cursor" });
    }
  });
});

describe("limits", () => {
  const limited = async (
    take: (request: LimitRequest) => LimitDecision,
    caller?: string,
  ): Promise<ReturnType<TestServer["send"]>> => {
    await using own = await testServer({ operations, limiter: { take } });
    const headers: Record<string, string> = caller === undefined ? {} : { "x-test": caller };
    return await own.send({
      method: "POST",
      path: "/api/v1/start",
      headers,
      remoteAddress: "2001:db8:1:2:3::4",
    });
  };
  const decision: LimitDecision = {
    allowed: true,
    policy: "per minute",
    limit: 2,
    windowMs: 6e4,
    remaining: 1,
    resetMs: 29001,
  };

  test("an admitted call is told its quota", async () => {
    const { status, headers } = await limited(() => decision);
    expect(status).toBe(202);
    expect(headers["ratelimit-policy"]).toBe('"per minute";q=2;w=60');
    expect(headers["ratelimit"]).toBe('"per minute";r=1;t=30');
    expect(headers["retry-after"]).toBeUndefined();
  });

  test("a refused call is 429, says when to come again, and which policy it met", async () => {
    const answer = await limited(() => ({ ...decision, allowed: false, remaining: 0, resetMs: 1 }));
    expect(answer.json()).toMatchObject({
      status: 429,
      code: "request.rateLimited",
      "violated-policies": ["per minute"],
    });
    expect(answer.headers["retry-after"]).toBe("1");
    expect(answer.headers["ratelimit"]).toBe('"per minute";r=0;t=1');
  });

  test("every policy of a call is told, calls under way in their own unit", async () => {
    const states = [
      decision,
      { allowed: true, policy: "2 concurrent", limit: 2, windowMs: 0, remaining: 1, resetMs: 0 },
    ];
    const { headers } = await limited(() => ({ ...decision, states }));
    expect(headers["ratelimit-policy"]).toBe(
      '"per minute";q=2;w=60, "2 concurrent";q=2;qu="concurrent-requests"',
    );
    expect(headers["ratelimit"]).toBe('"per minute";r=1;t=30, "2 concurrent";r=1;t=0');
    expect(headers["x-ratelimit-limit"]).toBeUndefined();
  });

  test("X-RateLimit-* are told where the limiter says so, admitted and refused", async () => {
    for (const allowed of [true, false]) {
      const { headers } = await limited(() => ({
        ...decision,
        allowed,
        resetAt: 1_800_000_000_001,
      }));
      expect(headers["x-ratelimit-limit"]).toBe("2");
      expect(headers["x-ratelimit-remaining"]).toBe("1");
      expect(headers["x-ratelimit-reset"]).toBe("1800000001");
    }
  });

  test("too many calls at a time are 429 of their own code", async () => {
    const answer = await limited(() => ({ ...decision, allowed: false, windowMs: 0 }));
    expect([answer.status, answer.json()]).toMatchObject([429, { code: "request.tooManyAtOnce" }]);
  });

  test("what counts as under way is given back once the call is over, answered or broken", async () => {
    const broken = {
      ...start,
      handle: () => {
        throw new Error("broken");
      },
    };
    for (const [tried, status] of [
      [start, 202],
      [broken, 500],
    ] as const) {
      const given: string[] = [];
      const take = async (): Promise<LimitDecision> => ({
        ...decision,
        release: () => given.push("back"),
      });
      await using own = await testServer({ operations: [tried], limiter: { take } });
      const reply = await own.send({ method: "POST", path: "/api/v1/start" });
      expect([reply.status, given]).toEqual([status, ["back"]]);
    }
  });

  test("the limiter is given caller, address and place", async () => {
    const counted: LimitRequest[] = [];
    const take = (request: LimitRequest): LimitDecision => {
      counted.push(request);
      return decision;
    };
    await limited(take);
    await limited(take, "key_1");
    const address = "2001:db8:1:2:3::4";
    const place = { id: "items.start", api: "notes", limits: ["2/min"] };
    expect(counted).toMatchObject([
      { caller: { kind: "anonymous" }, address, place },
      { caller: { subject: "key_1" }, address, place },
    ]);
    expect(counted).toHaveLength(2);
  });

  test("a call that is refused for its input consumes nothing", async () => {
    const counted: LimitRequest[] = [];
    const strict = { ...createNote, limits: ["1/min"] };
    await using own = await testServer({
      operations: [strict],
      limiter: { take: (request) => (counted.push(request), decision) },
    });
    const headers = { "x-test": "key_1 notes:write" };
    await own.send({ method: "POST", path: "/api/v1/notes", headers, body: { text: 5 } });
    await own.send({ method: "POST", path: "/api/v1/notes", body: { text: "Hi" } });
    expect(counted).toEqual([]);
    await own.send({ method: "POST", path: "/api/v1/notes", headers, body: { text: "Hi" } });
    expect(counted).toHaveLength(1);
  });
});

describe("other answers", () => {
  test("a status and headers of its own", async () => {
    const answer = await server.send({ method: "POST", path: "/api/v1/start?a=1" });
    expect([answer.status, answer.headers["x-own"], answer.text]).toEqual([204, "1", ""]);
  });

  test("an answer that does not fit its schema is a 500 outside production", async () => {
    const answer = await server.send({ path: "/api/v1/wrong" });
    expect(answer.json()).toMatchObject({ status: 500, code: "request.internal" });
    expect(JSON.stringify(server.logged.at(-1)?.fields)).not.toBe("{}");
  });

  test("what takes longer than its time is 503 and says that its effect is not known", async () => {
    const clock = fakeClock();
    await using slow = await testServer({ operations, clock, config: { timeoutMs: 1_000 } });
    const pending = slow.send({ path: "/api/v1/hang" });
    let answer: Awaited<typeof pending> | undefined;
    void pending.then((given) => (answer = given));
    while (answer === undefined) await clock.advance(1_000);
    expect(answer.json()).toMatchObject({ status: 503, code: "request.timeout" });
  });

  test("HEAD has the headers of GET and no body", async () => {
    const answer = await server.send({ method: "HEAD", path: "/api/v1/items/a" });
    expect([answer.status, answer.headers["etag"], answer.text]).toEqual([200, '"7"', ""]);
  });
});

describe("an operation as a function", () => {
  const caller: Caller = { ...anonymous, kind: "user", subject: "u1", permissions: ["notes:*"] };

  test("has the same checks and gives what a client would read", async () => {
    const call: TestServer["http"]["call"] = (...given) => server.http.call(...given);
    const answer = await call("notes.create", { body: { text: "Hi" } }, caller);
    expect(answer).toMatchObject({ status: 201, body: { text: "Hi", secret: "once" } });
    expect(answer.body).not.toHaveProperty("undeclared");
    await expect(call("notes.create", { body: {} }, caller)).rejects.toMatchObject({
      code: "request.invalid",
      options: { errors: [{ pointer: "/text" }] },
    });
    await expect(call("notes.create", { body: { text: "Hi" } }, anonymous)).rejects.toMatchObject({
      code: "access.unauthenticated",
    });
    await expect(call("notes.nothing", {}, caller)).rejects.toMatchObject({
      code: "request.noOperation",
    });
  });

  test("replays under a key, and leaves the given input as it was", async () => {
    const input = { body: Object.freeze({ text: "Hi" }), idempotencyKey: "call-1" };
    const first = await server.http.call("notes.create", input, caller);
    const again = await server.http.call("notes.create", input, caller);
    expect(again.headers["idempotency-replayed"]).toBe("true");
    expect(again.body).toEqual({ ...(first.body as object), secret: null });
  });
});

describe("the four shapes of answers", () => {
  test("the kernel's own operations and those above keep to them", () => {
    const all = server.http.operations().map((each) => each.operation);
    expect(findShapeMistakes(all)).toEqual([]);
  });

  test.each([
    [200, Type.Array(Item), "the answer is not an object"],
    [200, Type.String(), "the answer is not an object"],
    [200, Type.Object({ data: Type.Array(Item) }), "a list answers { data, next }"],
    [202, Type.Object({ id: Type.String() }), "202 answers { id, status }"],
    [202, null, "202 answers { id, status }"],
    [409, Item, "refusals are raised as problems, not declared as answers"],
  ])("%i %j is a mistake: %s", (status, schema, problem) => {
    const mistakes = findShapeMistakes([{ ...getItem, replies: { [status]: schema } }]);
    expect(mistakes).toMatchObject([{ path: `items.get.replies.${status}`, problem }]);
  });
});
