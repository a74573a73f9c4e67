import { STATUS_CODES } from "node:http";
import type { TSchema } from "typebox";
import { ownUrl } from "../contract/index.ts";
import type {
  Operation,
  RegisteredError,
  RegisteredOperation,
  ServerFacts,
} from "../contract/index.ts";
import { problemExample } from "./problem-example.ts";
import { docsUrlOf } from "./problem-reply.ts";
import { asksPermission, refusalsOf } from "./refusals.ts";

type Json = Readonly<Record<string, unknown>>;

/** What the document is made of. */
export interface OpenApiOptions {
  readonly operations: readonly RegisteredOperation[];
  readonly errors: readonly RegisteredError[];
  readonly challenges: string;
  readonly server: ServerFacts;
}

/** OpenAPI 3.1 of every operation: schemas as they are validated, examples as they are tested, every refusal. */
export function buildOpenApi(options: OpenApiOptions): Json {
  const { operations, server } = options;
  const errors = new Map(options.errors.map((each) => [each.code, each]));
  const schemes = securitySchemes(options.challenges);
  const paths: Record<string, Record<string, unknown>> = {};
  const book = { errors, docsUrl: docsUrlOf(server) };
  for (const { plugin, operation } of operations) {
    const path = (paths[`/api/v1${operation.path}`] ??= {});
    path[operation.method.toLowerCase()] = {
      ...describe(operation, book),
      tags: [plugin],
      security: securityOf(operation, Object.keys(schemes)),
    };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Portico",
      version: server.version,
      description:
        "Every refusal is a problem document (RFC 9457) whose `type` is a page of this server.",
    },
    servers: [{ url: ownUrl(server) }],
    tags: [...new Set(operations.map(({ plugin }) => plugin))].map((name) => ({ name })),
    paths,
    components: { schemas: { Problem }, securitySchemes: schemes },
  };
}

/** Every error, and where its page is. */
interface ErrorBook {
  readonly errors: ReadonlyMap<string, RegisteredError>;
  readonly docsUrl: string;
}

function describe(operation: Operation, book: ErrorBook): Json {
  const { body, example } = operation;
  return {
    operationId: operation.id,
    summary: operation.summary,
    ...(operation.description === undefined ? {} : { description: operation.description }),
    parameters: parametersOf(operation),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: {
              "application/json": {
                schema: body,
                ...(example.body === undefined ? {} : { example: example.body }),
              },
              ...formsOf(operation.bodyForms),
            },
          },
        }),
    responses: { ...successes(operation), ...refusals(operation, book) },
    ...(asksPermission(operation) ? { "x-permission": operation.access } : {}),
    ...(operation.limits.length === 0 ? {} : { "x-rate-limits": operation.limits }),
  };
}

function parametersOf(operation: Operation): readonly Json[] {
  const named = [...operation.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
  const path = propertiesOf(operation.params);
  const query = propertiesOf(operation.query);
  return [
    ...named.map((name) => ({
      name,
      in: "path",
      required: true,
      schema: path.all[name] ?? { type: "string" },
      ...exampleOf(operation.example.path?.[name]),
    })),
    ...Object.entries(query.all).map(([name, schema]) => ({
      name,
      in: "query",
      required: query.required.includes(name),
      schema,
      ...exampleOf(operation.example.query?.[name]),
    })),
    ...headerParameters(operation),
  ];
}

function headerParameters(operation: Operation): readonly Json[] {
  const header = (name: string, description: string): Json => ({
    name,
    in: "header",
    required: false,
    description,
    schema: { type: "string" },
  });
  const hasRevision = Object.values(operation.replies).some(
    (reply) => reply !== null && "revision" in propertiesOf(reply).all,
  );
  return [
    ...(operation.idempotent
      ? [
          header(
            "Idempotency-Key",
            `Repeat a request safely: the first answer is given again for ${
              operation.idempotent === true ? "24 h" : operation.idempotent.kept
            }.`,
          ),
        ]
      : []),
    ...(hasRevision && operation.method !== "GET" && operation.method !== "POST"
      ? [header("If-Match", "The ETag that was read; 412 when the object has changed since.")]
      : []),
  ];
}

/** An example that names a field of another operation's answer means nothing to a reader. */
function exampleOf(example: string | undefined): Json {
  return example === undefined || example.startsWith("{") ? {} : { example };
}

function propertiesOf(schema: TSchema | undefined): {
  readonly all: Readonly<Record<string, unknown>>;
  readonly required: readonly string[];
} {
  // The parts of JSON Schema that an object of TypeBox has.
  const { properties, required } = (schema ?? {}) as {
    properties?: Record<string, unknown>;
    required?: string[];
  };
  return { all: properties ?? {}, required: required ?? [] };
}

function successes(operation: Operation): Json {
  return Object.fromEntries(
    Object.entries(operation.replies).map(([status, schema]) => [
      status,
      {
        description: STATUS_CODES[status] ?? "Answered",
        ...(schema === null
          ? streamsOf(operation.streams)
          : { content: { "application/json": { schema }, ...formsOf(operation.replyForms) } }),
      },
    ]),
  );
}

function streamsOf(streams: readonly string[] | undefined): Json {
  if (streams === undefined) return {};
  const text = { schema: { type: "string" } };
  return { content: Object.fromEntries(streams.map((mediaType) => [mediaType, text])) };
}

function formsOf(forms: readonly { readonly mediaType: string }[] = []): Json {
  return Object.fromEntries(forms.map(({ mediaType }) => [mediaType, {}]));
}

function refusals(operation: Operation, { errors, docsUrl }: ErrorBook): Json {
  const byStatus = new Map<number, RegisteredError[]>();
  for (const code of refusalsOf(operation)) {
    const found = errors.get(code);
    if (found === undefined) continue;
    const { status } = found.definition;
    byStatus.set(status, [...(byStatus.get(status) ?? []), found]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, found]) => [status, refusal(found, docsUrl)]),
  );
}

function refusal(found: readonly RegisteredError[], docsUrl: string): Json {
  const examples = found.map((error) => [
    error.code,
    { summary: error.definition.text, value: problemExample(error, docsUrl) },
  ]);
  return {
    description: found.map(({ code }) => `\`${code}\``).join(", "),
    content: {
      "application/problem+json": {
        schema: { $ref: "#/components/schemas/Problem" },
        examples: Object.fromEntries(examples) as Json,
      },
    },
  };
}

function securityOf({ access }: Operation, schemes: readonly string[]): readonly Json[] {
  const any = schemes.map((scheme) => ({ [scheme]: [] }));
  return access === "public" ? [{}, ...any] : any;
}

/** One HTTP scheme for each challenge: `Bearer realm="…"` → `bearer`. */
function securitySchemes(challenges: string): Readonly<Record<string, Json>> {
  const schemes = [...challenges.matchAll(/(?:^|, )([A-Za-z][\w-]*)(?= |,|$)/g)].map((match) =>
    (match[1] ?? "").toLowerCase(),
  );
  return Object.fromEntries(schemes.map((scheme) => [scheme, { type: "http", scheme }]));
}

const text = { type: "string" };
const Problem = {
  type: "object",
  description: "Why a request was refused (RFC 9457).",
  required: ["type", "title", "status", "detail", "code", "requestId"],
  properties: {
    type: { type: "string", format: "uri", description: "A page of this server about the code." },
    title: text,
    status: { type: "integer" },
    detail: text,
    instance: text,
    code: { type: "string", description: "Stable: never renamed, never used for anything else." },
    requestId: text,
    params: { type: "object", description: "The values in `detail`, for translation." },
    errors: {
      type: "array",
      items: {
        type: "object",
        required: ["pointer", "detail"],
        properties: {
          pointer: { type: "string", description: "RFC 6901, into the body or into `in`." },
          detail: text,
          in: { enum: ["query", "path", "header", "cookie"] },
        },
      },
    },
  },
};
