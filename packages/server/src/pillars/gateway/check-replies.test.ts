import { gzipSync } from "node:zlib";
import { add, definePlugin, RequestObservers } from "portico/kernel";
import type { RequestDecision } from "portico/kernel";
import { createTestApp } from "portico/testing";
import { describe, expect, it } from "vitest";
import { gateway } from "./plugin.ts";
import { fronting } from "./fronting.fixture.ts";
import { httpUpstream } from "./upstreams.fixture.ts";
import { document, json, JSON_TYPE } from "./checks.fixture.ts";

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

  it.each([
    ["enforce", 1],
    ["enforce", 9],
    ["report", 1],
    ["report", 9],
  ])("beyond the bound go on unchecked and whole (%s, in %i)", async (mode, chunks) => {
    const large = JSON.stringify({ wrong: "x".repeat(20_000) });
    const got = await asked(mode, { body: large, chunks }, { validateBodyBytesMax: 4_096 });
    expect(got).toStrictEqual({ status: 200, text: large });
  });

  it("that are reported are counted, and noted for the request log", async () => {
    const decisions: RequestDecision[] = [];
    const observer = definePlugin({
      id: "observer",
      version: "1.0.0",
      engine: "^1",
      contributes: [
        add(RequestObservers, {
          answered: (request) => void decisions.push(...request.details().decisions),
        }),
      ],
    });
    await using upstream = await httpUpstream((_request, response) => {
      response.writeHead(200, { "content-type": JSON_TYPE });
      response.end('{"name":7}');
    });
    const apis = [
      { id: "shop", upstream: upstream.url, openapi: document(replies), responses: "report" },
    ];
    const app = await createTestApp({
      plugins: [observer, gateway()],
      settings: { gateway: { apis } },
    });
    const { url } = await app.listen("127.0.0.1", 0);
    expect(await (await fetch(`${url}/item`)).json()).toStrictEqual({ name: 7 });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/gateway_invalid_replies_total\{http_route="\/item"\} 1/);
    await app.stop(1_000);
    expect(decisions).toContainEqual({
      step: "validation",
      outcome: "reply invalid",
      facts: {
        count: 2,
        places: [
          { pointer: "/id", detail: "is missing" },
          { pointer: "/name", detail: "must be string; got number" },
        ],
      },
    });
  });
});
