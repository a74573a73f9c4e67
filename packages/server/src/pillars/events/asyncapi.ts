import { ownUrl } from "portico/kernel";
import type { Page, PluginContext } from "portico/kernel";
import { pluginTypes } from "./described-types.ts";
import type { DescribedType } from "./described-types.ts";
import { isObject } from "./schema/index.ts";

type Json = Readonly<Record<string, unknown>>;

/** Words whose values are data, in which a member `$ref` is no reference. */
const DATA = new Set(["const", "enum", "default", "examples"]);

/**
 * Event types as AsyncAPI 3.0.0: for each a channel of its name, a message with its schema and example, and the operation
 * by which this server sends it.
 */
export function asyncApi(types: readonly DescribedType[], { server }: PluginContext): Json {
  const url = new URL(ownUrl(server));
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Events of Portico",
      version: server.version,
      description:
        "What webhooks, feeds and reads of the log tell. Each type is a channel; its message is the event's data.",
    },
    defaultContentType: "application/json",
    servers: {
      portico: {
        host: url.host,
        protocol: url.protocol.slice(0, -1),
        ...(url.pathname === "/" ? {} : { pathname: url.pathname }),
      },
    },
    channels: byType(types, ({ type, description }) => ({
      address: type,
      ...(description === "" ? {} : { description }),
      messages: { [type]: { $ref: `#/components/messages/${type}` } },
    })),
    operations: byType(types, ({ type }) => ({
      action: "send",
      channel: { $ref: `#/channels/${type}` },
      messages: [{ $ref: `#/channels/${type}/messages/${type}` }],
    })),
    components: {
      messages: byType(types, messageOf),
      schemas: byType(
        types.filter(({ document }) => document !== undefined),
        ({ type, document }) => rebased(document, `#/components/schemas/${type}`),
      ),
    },
  };
}

/** `/asyncapi.json`: the types that plugins declare. Those of an organization need a credential: `/api/v1/asyncapi`. */
export const asyncApiPage: Page = {
  path: "/asyncapi.json",
  serve: (_request, ctx) => ({
    status: 200,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-cache",
      "access-control-allow-origin": "*",
    },
    body: JSON.stringify(asyncApi(pluginTypes(ctx), ctx)),
  }),
};

function byType(types: readonly DescribedType[], make: (type: DescribedType) => unknown): Json {
  return Object.fromEntries(types.map((each) => [each.type, make(each)]));
}

function messageOf({
  type,
  description,
  group,
  isDeprecated,
  document,
  example,
}: DescribedType): Json {
  const summary = isDeprecated ? `Deprecated. ${description}` : description;
  return {
    name: type,
    title: type,
    ...(summary === "" ? {} : { summary }),
    contentType: "application/json",
    ...(group === null ? {} : { tags: [{ name: group }] }),
    ...(document === undefined ? {} : { payload: { $ref: `#/components/schemas/${type}` } }),
    ...(example === undefined ? {} : { examples: [{ payload: example }] }),
  };
}

/** References within a schema, from the root of the document it now lies in. */
function rebased(node: unknown, root: string): unknown {
  if (Array.isArray(node)) return node.map((each) => rebased(each, root));
  if (!isObject(node)) return node;
  return Object.fromEntries(
    Object.entries(node).map(([word, value]) => {
      if (word === "$ref" && typeof value === "string") return [word, root + value.slice(1)];
      return [word, DATA.has(word) ? value : rebased(value, root)];
    }),
  );
}
