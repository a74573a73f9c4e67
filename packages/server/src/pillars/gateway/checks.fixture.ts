import { fronting } from "./fronting.fixture.ts";
import type { FrontingApp } from "./fronting.fixture.ts";
import { httpUpstream } from "./upstreams.fixture.ts";
import type { Upstream } from "./upstreams.fixture.ts";

const text = { type: "string" };
/** A whole number. */
export const integer = { type: "integer" };
const list = (items: object): object => ({ type: "array", items });
/** A content of JSON. */
export const json = (schema: object): object => ({ content: { "application/json": { schema } } });
/** Replies that say nothing. */
export const ok = { responses: { 200: { description: "Good" } } };

/** One parameter. */
export function parameter(name: string, place: string, schema: object, more: object = {}): object {
  return { name, in: place, schema, ...(place === "path" ? { required: true } : {}), ...more };
}

/** A tree whose id only replies have. */
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

/** A document of these paths, with a few schemas. */
export function document(paths: object): object {
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

/** An operation for each way of sending a value. */
export const paths = {
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
  "/label/{list}": {
    get: {
      parameters: [parameter("list", "path", list(integer), { style: "label", explode: true })],
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

/** A server in front of the paths of this file. */
export async function shop(
  upstream: Upstream,
  more: Record<string, unknown> = {},
): Promise<FrontingApp> {
  return fronting(upstream, { openapi: document(paths), ...more });
}

/** An application that answers `{}`. */
export const answering = (): Promise<Upstream> =>
  httpUpstream((_request, response) => response.end("{}"));

/** A refusal, flattened. */
export interface Told {
  readonly status: number;
  readonly code: string | undefined;
  readonly places: readonly string[];
}

/** What a reply says of its mistakes. */
export async function told(reply: Response): Promise<Told> {
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

/** Sends a body. */
export const post = (
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

/** Forms. */
export const FORM = "application/x-www-form-urlencoded";
/** JSON. */
export const JSON_TYPE = "application/json";
