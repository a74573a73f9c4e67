import { isObject, mapValues, type Json } from "./json.ts";
import { downgradeSchema, referenceOf } from "./schema.ts";

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/** A document of OpenAPI 3.1 as OpenAPI 3.0.3. Takes any well-formed document; changes nothing in it. */
export function downgrade(document: Json): Json {
  const { webhooks, jsonSchemaDialect: _dialect, ...rest } = document;
  const names = scopedSchemes(document);
  const parts: Parts = { scoped: names.scoped, known: names.known };
  return {
    ...rest,
    openapi: "3.0.3",
    info: infoOf(document["info"]),
    paths: mapValues(document["paths"], (item) => pathItem(item, parts)),
    ...(isObject(webhooks)
      ? { "x-webhooks": mapValues(webhooks, (item) => pathItem(item, parts)) }
      : {}),
    ...(isObject(document["components"])
      ? { components: componentsOf(document["components"], parts) }
      : {}),
    ...securityOf(document, parts),
  };
}

/** What parts of a document have to know of the whole. */
interface Parts {
  /** Security schemes that 3.0 knows. */
  readonly known: ReadonlySet<string>;
  /** Those whose requirement may name scopes (3.0.3 §4.7.30): OAuth 2 and OpenID Connect. */
  readonly scoped: ReadonlySet<string>;
}

function scopedSchemes({ components }: Json): Parts {
  const schemes = isObject(components) ? components["securitySchemes"] : undefined;
  const all = isObject(schemes) ? Object.entries(schemes) : [];
  const typed = all.map(
    ([name, scheme]) => [name, isObject(scheme) ? scheme["type"] : ""] as const,
  );
  const named = (fits: (type: unknown) => boolean): ReadonlySet<string> =>
    new Set(typed.filter(([, type]) => fits(type)).map(([name]) => name));
  return {
    known: named((type) => type !== "mutualTLS"),
    scoped: named((type) => type === "oauth2" || type === "openIdConnect"),
  };
}

function infoOf(info: unknown): Json {
  if (!isObject(info)) return { title: "", version: "" };
  const { summary: _summary, license, ...rest } = info;
  if (!isObject(license)) return rest;
  const { identifier: _identifier, ...kept } = license;
  return { ...rest, license: kept };
}

function securityOf({ security }: Json, { known, scoped }: Parts): Json {
  if (!Array.isArray(security)) return {};
  const requirements = security.filter(isObject).filter((one) =>
    // A requirement that asks for what 3.0 cannot name is left out; the others are alternatives to it.
    Object.keys(one).every((name) => known.has(name)),
  );
  return {
    security: requirements.map((one) =>
      mapValues(one, (scopes, name) => (scoped.has(name) ? scopes : [])),
    ),
  };
}

function pathItem(item: unknown, parts: Parts): Json {
  if (!isObject(item)) return {};
  const out: Record<string, unknown> = { ...item, ...(isReference(item) ? referred(item) : {}) };
  if (Array.isArray(item["parameters"])) out["parameters"] = item["parameters"].map(parameter);
  for (const method of METHODS) {
    const operation = item[method];
    if (isObject(operation)) out[method] = operationOf(operation, parts);
  }
  return out;
}

function operationOf(operation: Json, parts: Parts): Json {
  const { parameters, requestBody, callbacks, responses } = operation;
  return {
    ...operation,
    ...(Array.isArray(parameters) ? { parameters: parameters.map(parameter) } : {}),
    ...(requestBody === undefined ? {} : { requestBody: withContent(requestBody) }),
    ...(isObject(callbacks)
      ? { callbacks: mapValues(callbacks, (one) => callback(one, parts)) }
      : {}),
    // Required in 3.0, optional in 3.1.
    responses: isObject(responses)
      ? mapValues(responses, response)
      : { default: { description: "Not described." } },
    ...securityOf(operation, parts),
  };
}

function callback(value: unknown, parts: Parts): Json {
  if (isReference(value)) return referred(value);
  return mapValues(value, (item) => pathItem(item, parts));
}

function isReference(value: unknown): value is Json & { readonly $ref: string } {
  return isObject(value) && typeof value["$ref"] === "string";
}

/** In 3.0 nothing stands beside a reference. */
function referred({ $ref }: { readonly $ref: string }): Json {
  return { $ref: referenceOf($ref) };
}

function parameter(value: unknown): Json {
  if (isReference(value)) return referred(value);
  return withContent(value);
}

function response(value: unknown): Json {
  if (isReference(value)) return referred(value);
  const out = withContent(value);
  const { headers, links, description } = out;
  return {
    ...out,
    description: description ?? "",
    ...(isObject(headers) ? { headers: mapValues(headers, parameter) } : {}),
    ...(isObject(links)
      ? { links: mapValues(links, (link) => (isReference(link) ? referred(link) : link)) }
      : {}),
  };
}

/** A parameter, body, response or header: what holds a schema, directly or by media type. */
function withContent(value: unknown): Json {
  if (isReference(value)) return referred(value);
  if (!isObject(value)) return {};
  const { schema, content, examples } = value;
  return {
    ...value,
    ...(schema === undefined ? {} : { schema: downgradeSchema(schema) }),
    ...(isObject(content) ? { content: mapValues(content, mediaType) } : {}),
    ...(isObject(examples) ? { examples: mapValues(examples, example) } : {}),
  };
}

function mediaType(value: unknown): Json {
  const out = withContent(value);
  const { encoding } = out;
  return isObject(encoding) ? { ...out, encoding: mapValues(encoding, encodingOf) } : out;
}

function encodingOf(value: unknown): Json {
  if (!isObject(value)) return {};
  const { headers } = value;
  return isObject(headers) ? { ...value, headers: mapValues(headers, parameter) } : value;
}

function example(value: unknown): unknown {
  return isReference(value) ? referred(value) : value;
}

const COMPONENTS: Readonly<Record<string, (value: unknown, parts: Parts) => unknown>> = {
  schemas: downgradeSchema,
  parameters: parameter,
  headers: parameter,
  requestBodies: withContent,
  responses: response,
  examples: example,
  links: (value) => (isReference(value) ? referred(value) : value),
  callbacks: callback,
};

function componentsOf(components: Json, parts: Parts): Json {
  const out: Record<string, unknown> = {};
  for (const [kind, named] of Object.entries(components)) {
    const change = COMPONENTS[kind];
    if (change !== undefined) out[kind] = mapValues(named, (one) => change(one, parts));
    else if (kind === "securitySchemes") out[kind] = schemesOf(named, parts);
    // 3.0 has no shared path items; who refers to one finds it under an extension's name.
    else if (kind === "pathItems")
      out["x-pathItems"] = mapValues(named, (one) => pathItem(one, parts));
    else out[kind] = named;
  }
  return out;
}

function schemesOf(schemes: unknown, { known }: Parts): Json {
  if (!isObject(schemes)) return {};
  return Object.fromEntries(Object.entries(schemes).filter(([name]) => known.has(name)));
}
