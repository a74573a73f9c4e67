import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fronting } from "../fronting.fixture.ts";
import { httpUpstream, speak } from "../upstreams.fixture.ts";
import type { Upstream } from "../upstreams.fixture.ts";
import { compileBodyEdits } from "./edit-body.ts";
import type { BodyEdits } from "./settings.ts";
import { compileValue } from "./value-template.ts";

const json = { "content-type": "application/json" };
const key = { kind: "key", subject: "key_1", permissions: [] } as const;

/** Answers the JSON that it is asked for in a header, as the type that it is asked for. */
const echo = (): Promise<Upstream> =>
  httpUpstream((request, response) => {
    const type = String(request.headers["x-answer-type"] ?? "application/json");
    response.writeHead(200, { "content-type": type, "x-upstream": "yes", "x-secret": "hidden" });
    response.end(request.headers["x-answer"] ?? '{"a":1}');
  });

const edited = (body: unknown, edits: BodyEdits): unknown => {
  const mistakes: string[] = [];
  const plan = compileBodyEdits(edits, { params: new Set(), isReply: false }, mistakes);
  expect(mistakes).toStrictEqual([]);
  // Edits without templates ask nothing of the call.
  return plan.reduce((value, edit) => edit(value, undefined as never), structuredClone(body));
};

describe("edits of a JSON body", () => {
  it.each<[string, unknown, BodyEdits, unknown]>([
    ["rename in place", { a: 1, b: 2, c: 3 }, { rename: { "/b": "x" } }, { a: 1, x: 2, c: 3 }],
    [
      "rename in a list",
      { l: [{ a: 1 }, { a: 2 }] },
      { rename: { "/l/*/a": "b" } },
      { l: [{ b: 1 }, { b: 2 }] },
    ],
    ["rename what is not there", { a: 1 }, { rename: { "/b/c": "x" } }, { a: 1 }],
    ["move", { a: { b: 1 } }, { move: { "/a/b": "/c/d" } }, { a: {}, c: { d: 1 } }],
    ["move what is not there", { a: 1 }, { move: { "/x": "/y" } }, { a: 1 }],
    ["move to the root", { data: [1] }, { move: { "/data": "" } }, [1]],
    ["remove", { a: 1, l: [1, 2, 3] }, { remove: ["/a", "/l/1"] }, { l: [1, 3] }],
    ["remove every element", { l: [1, 2, 3] }, { remove: ["/l/*"] }, { l: [] }],
    ["remove the whole", { a: 1 }, { remove: [""] }, null],
    [
      "set with objects on the way",
      {},
      { set: { "/a/b": [1, null, { c: true }] } },
      { a: { b: [1, null, { c: true }] } },
    ],
    ["set at the end of a list", { l: [1] }, { set: { "/l/-": 2 } }, { l: [1, 2] }],
    ["set beyond a list", { l: [1] }, { set: { "/l/9": 2 } }, { l: [1] }],
    ["set below a text", { a: "text" }, { set: { "/a/b": 1 } }, { a: "text" }],
    ["set the whole", { a: 1 }, { set: { "": { b: 2 } } }, { b: 2 }],
    ["set in each", { l: [{}, 1, {}] }, { set: { "/l/*/x": 1 } }, { l: [{ x: 1 }, 1, { x: 1 }] }],
    ["escapes", { "a/b": 1, "c~d": 2 }, { remove: ["/a~1b"], rename: { "/c~0d": "e" } }, { e: 2 }],
    [
      "their order",
      { a: 1 },
      { rename: { "/a": "b" }, move: { "/b": "/c" }, set: { "/d": 1 } },
      { c: 1, d: 1 },
    ],
    ["no object", 7, { set: { "/a": 1 }, remove: ["/b"], rename: { "/c": "d" } }, 7],
  ])("%s", (_title, body, edits, expected) => {
    expect(edited(body, edits)).toStrictEqual(expected);
  });

  it("never reach a prototype, whatever the body is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        edited(body, { set: { "/constructor/prototype/polluted": true, "/toString/x": 1 } });
        expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
        expect(Object.hasOwn(Reflect.get(Object.prototype, "toString") as object, "x")).toBe(false);
      }),
    );
  });

  it.each<[BodyEdits, string]>([
    [{ remove: ["a"] }, "no JSON pointer"],
    [{ remove: ["/a~2"] }, "no JSON pointer"],
    [{ set: { "/__proto__/x": 1 } }, "__proto__"],
    [{ rename: { "/a": "__proto__" } }, "cannot be renamed"],
    [{ rename: { "": "a" } }, "cannot be renamed"],
    [{ move: { "/a": "/a/b" } }, "cannot be moved"],
    [{ move: { "/a/*": "/b" } }, "cannot be moved"],
    [{ set: { "/a": ["{nobody}"] } }, "which there is not here"],
  ])("are refused: %j", (edits, text) => {
    const mistakes: string[] = [];
    compileBodyEdits(edits, { params: new Set(), isReply: false }, mistakes);
    expect(mistakes.join()).toContain(text);
  });
});

describe("a value template", () => {
  it.each([
    "{caller.name}",
    "{params.other}",
    "{response.status}",
    "{response.header.x}",
    "{constructor}",
    "{caller}",
    "{request.header.}",
    "{a",
    "a}",
    "{}",
    "{process.env.HOME}",
  ])("is refused: %s", (text) => {
    expect(typeof compileValue(text, { params: new Set(["id"]), isReply: false })).toBe("string");
  });

  it("keeps doubled braces as braces, and evaluates nothing", () => {
    const template = compileValue("{{a}} ${1+1} {{{{", { params: new Set(), isReply: false });
    expect(typeof template).toBe("string");
    const plain = compileValue("{{a}} $ {{{{", { params: new Set(), isReply: false });
    expect(typeof plain === "string" ? plain : plain.fill(undefined as never)).toBe("{a} $ {{");
  });
});

describe("a transformed route", () => {
  it("changes fields, query and body on the way up, and fields and body on the way down", async () => {
    await using upstream = await echo();
    await using app = await fronting(upstream, {
      auth: "key",
      routes: [
        {
          path: "/orders/{id}",
          transform: {
            request: {
              headers: {
                rename: { "X-Old": "X-New" },
                remove: ["x-drop"],
                set: {
                  "X-Tenant": "{caller.organization}/{params.id}",
                  Authorization: "Basic abc",
                },
                add: { "X-Tag": "{request.query.tag}" },
              },
              query: {
                rename: { page_size: "limit" },
                remove: ["debug"],
                set: { by: "{caller.subject}" },
              },
              body: { rename: { "/name": "title" }, set: { "/meta": { id: "{params.id}", n: 1 } } },
            },
            response: {
              headers: {
                remove: ["X-Secret"],
                set: { "X-Of": "{request.method} {response.status}" },
              },
              body: { move: { "/a": "/data/a" }, set: { "/api": "{api.id}" } },
            },
          },
        },
      ],
    });
    const reply = await fetch(`${app.url}/orders/7%20b?page_size=5&debug=1&x=%7e&tag=t%20u`, {
      method: "POST",
      headers: { ...app.as(key).headers, ...json, "x-old": "1", "x-drop": "1", "X-Tag": "first" },
      body: '{"name":"n","big":12345678901234567890}',
    });
    expect(reply.status).toBe(200);
    expect(await reply.json()).toStrictEqual({ data: { a: 1 }, api: "shop" });
    expect(reply.headers.get("x-of")).toBe("POST 200");
    expect(reply.headers.get("x-secret")).toBeNull();
    expect(reply.headers.get("x-upstream")).toBe("yes");
    const [seen] = upstream.seen;
    expect(seen?.url).toBe("/orders/7%20b?limit=5&x=%7e&tag=t%20u&by=key_1");
    expect(seen?.body).toBe('{"title":"n","big":12345678901234567890,"meta":{"id":"7 b","n":1}}');
    expect(seen?.headers).toMatchObject({
      "x-new": "1",
      "x-tenant": "default/7 b",
      "x-tag": "first, t u",
      authorization: "Basic abc",
    });
    expect(seen?.headers["x-drop"]).toBeUndefined();
    expect(seen?.headers["portico-identity"]).toBeDefined();
  });

  it.each(["%0d%0aX-Evil:%201", "%0aX-Evil:1", "a%0d", "%00", "%7f"])(
    "refuses a value that would begin another field: %s",
    async (evil) => {
      await using upstream = await echo();
      const set = { "X-Id": "{request.query.id}" };
      for (const transform of [
        { request: { headers: { set } } },
        { response: { headers: { add: set } } },
      ]) {
        await using app = await fronting(upstream, { transform });
        const reply = await fetch(`${app.url}/?id=${evil}`);
        expect(reply.status).toBe(400);
        expect(await reply.json()).toMatchObject({ code: "gateway.fieldValueRefused" });
      }
      expect(upstream.seen).toHaveLength(0);
    },
  );

  it("sends values beyond ASCII as UTF-8, and no field for an empty one", async () => {
    await using upstream = await echo();
    await using app = await fronting(upstream, {
      transform: { request: { headers: { set: { "X-Name": "{request.query.name}" } } } },
    });
    await fetch(`${app.url}/?name=%D7%A9%D7%9C%D7%95%D7%9D`);
    const raw = upstream.seen[0]?.headers["x-name"];
    expect(Buffer.from(String(raw), "latin1").toString()).toBe("שלום");
    await fetch(`${app.url}/`, { headers: { "x-name": "forged" } });
    expect(upstream.seen[1]?.headers["x-name"]).toBeUndefined();
  });

  it("leaves a body alone that is not JSON, or refuses it where told so", async () => {
    await using upstream = await echo();
    const transform = {
      request: { body: { set: { "/x": 1 } }, headers: { set: { "X-Seen": "yes" } } },
      response: { body: { set: { "/y": 2 } } },
    };
    await using skipping = await fronting(upstream, { transform });
    const text = { "content-type": "text/plain" };
    const plain = { "x-answer-type": "text/plain", "x-answer": "hello" };
    const kept = await fetch(skipping.url, {
      method: "POST",
      headers: { ...text, ...plain },
      body: "{}",
    });
    expect(await kept.text()).toBe("hello");
    expect(upstream.seen[0]).toMatchObject({ body: "{}", headers: { "x-seen": "yes" } });
    await using refusing = await fronting(upstream, {
      transform: { ...transform, notJson: "refuse" },
    });
    const post = async (headers: Record<string, string>, body: string) => {
      const reply = await fetch(refusing.url, { method: "POST", headers, body });
      return `${reply.status} ${((await reply.json()) as { code?: string }).code}`;
    };
    expect(await post(text, "{}")).toBe("415 gateway.bodyNotChangeable");
    expect(await post({ ...json, ...plain }, "{}")).toBe("502 gateway.replyNotJson");
    for (const app of [skipping, refusing]) {
      const lie = await fetch(app.url, { method: "POST", headers: json, body: "{no" });
      expect(`${lie.status} ${((await lie.json()) as { code: string }).code}`).toBe(
        "400 gateway.bodyNotJson",
      );
      const lied = await fetch(app.url, { headers: { "x-answer": "{no" } });
      expect(lied.status).toBe(502);
    }
  });

  it("answers HEAD and chunked requests as it should", async () => {
    await using upstream = await echo();
    await using app = await fronting(upstream, {
      transform: {
        request: { body: { set: { "/x": 1 } } },
        response: { body: { set: { "/y": 2 } } },
      },
    });
    const head = await fetch(app.url, { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(head.headers.get("content-length")).toBeNull();
    const got = await speak(
      app.url,
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" +
        '4\r\n{"a"\r\n3\r\n:1}\r\n0\r\n\r\n',
    );
    expect(got).toContain('{"a":1,"y":2}');
    expect(upstream.seen[1]?.body).toBe('{"a":1,"x":1}');
    expect(upstream.seen[1]?.headers["transfer-encoding"]).toBeUndefined();
  });

  it("costs a refused call nothing", async () => {
    await using upstream = await echo();
    await using app = await fronting(upstream, {
      rateLimit: 1,
      transform: { request: { body: { set: { "/x": 1 } } } },
    });
    const post = async (body: string) =>
      (await fetch(app.url, { method: "POST", headers: json, body })).status;
    expect(await post("{no")).toBe(400);
    expect(await post("{}")).toBe(200);
    expect(await post("{}")).toBe(429);
  });

  it.each([
    [{ request: { headers: { set: { Host: "a" } } } }, "'Host' belongs to framing"],
    [{ request: { headers: { remove: ["X-Forwarded-For"] } } }, "'X-Forwarded-For'"],
    [{ request: { headers: { rename: { "portico-identity": "x" } } } }, "'portico-identity'"],
    [{ request: { headers: { rename: { x: "Content-Length" } } } }, "'Content-Length'"],
    [{ response: { headers: { add: { "Transfer-Encoding": "x" } } } }, "'Transfer-Encoding'"],
    [{ response: { headers: { set: { "X-A": "1\r\nX-B: 2" } } } }, "control character"],
    [{ request: { headers: { set: { "X-A": "{params.id}" } } } }, "'params.id'"],
    [{ request: { body: { set: { "/a": "{response.status}" } } } }, "'response.status'"],
    [{ response: { body: { remove: ["/__proto__"] } } }, "__proto__"],
  ])("is not started from %j", async (transform, text) => {
    const started = fronting({ url: "http://127.0.0.1:1" }, { transform });
    const fault: unknown = await started.catch((error: unknown) => error);
    expect(fault instanceof Error ? String(fault.cause) : "it started").toContain(text);
  });
});
