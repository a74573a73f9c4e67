// What an operation refuses by its declaration alone, each with the request that must be refused so.
import { parseRate } from "../../packages/server/src/base/index.ts";
import type { Operation } from "../../packages/server/src/kernel/index.ts";
import { factories, type TestApp } from "../../packages/server/src/kernel/testing/index.ts";
import {
  everything,
  headersFor,
  type Examples,
  type MadeRequest,
  type Replies,
  type Sent,
} from "./requests.ts";

/** One refusal that follows from a declaration. */
export interface DerivedRefusal {
  readonly operation: Operation;
  readonly status: number;
  /** What it follows from. */
  readonly because: string;
  /** Makes it happen and answers the reply; undefined where the declaration does not say how. */
  readonly provoke: ((tools: Tools) => Promise<Sent>) | undefined;
  /** True where it seeds by itself what is there once in an installation. */
  readonly isFresh?: boolean;
}

/** What provoking needs. */
export interface Tools {
  readonly app: TestApp;
  readonly examples: Examples;
}

type Provoke = NonNullable<DerivedRefusal["provoke"]>;

const seeds = new WeakMap<TestApp, Map<string, Promise<Replies>>>();

/** What an operation's example comes after, once for all requests that are refused before they change anything. */
function seededOnce({ app, examples }: Tools, { id, example }: Operation): Promise<Replies> {
  const known = seeds.get(app) ?? new Map<string, Promise<Replies>>();
  seeds.set(app, known);
  const replies = known.get(id) ?? examples.seeded(example);
  known.set(id, replies);
  return replies;
}

/** Sends the example, changed, as whoever may do everything. */
function changed(
  operation: Operation,
  change: (request: MadeRequest) => MadeRequest,
  headers: Readonly<Record<string, string>> = {},
): Provoke {
  return async (tools) => {
    const { app, examples } = tools;
    const replies = await seededOnce(tools, operation);
    const request = change(examples.make(operation, operation.example, replies));
    return await examples.send(request, { ...headersFor(app, request), ...headers });
  };
}

/** Sends the example as it is, by somebody else, until it is refused: so often at most. */
function calledBy(
  operation: Operation,
  headersOf: (app: TestApp) => Readonly<Record<string, string>>,
  times = 1,
): Provoke {
  return async (tools) => {
    const { app, examples } = tools;
    const replies = await seededOnce(tools, operation);
    const request = examples.make(operation, operation.example, replies);
    const headers = headersOf(app);
    for (let sent = 1; sent < times; sent += 1) {
      const reply = await examples.send(request, headers);
      if (reply.status === 429) return reply;
    }
    return await examples.send(request, headers);
  };
}

const make = factories("refusals");

/** The path with an id in it that nothing has: of the same noun, so that its form is right. */
function unknownPath({ path, example }: Operation, { path: sent }: MadeRequest): string {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
  const parts = sent.split("/");
  const at = path.split("/").findLastIndex((part) => part.startsWith("{"));
  const noun = /^([a-z]+)_/.exec(parts[at] ?? "")?.[1];
  parts[at] = noun === undefined || names.length === 0 ? "nothing-here" : make.id(noun);
  return example.path === undefined ? sent : parts.join("/");
}

interface Shape {
  readonly additionalProperties?: unknown;
  readonly properties?: Readonly<Record<string, { readonly maxLength?: number }>>;
}

/** Every status that follows from how an operation is declared. */
export function derivedRefusals(operation: Operation): readonly DerivedRefusal[] {
  return [
    ...ofAccess(operation),
    ...ofPath(operation),
    ...ofQuery(operation),
    ...ofBody(operation),
    ...ofLimits(operation),
    ...ofState(operation),
  ].map((one) => ({ ...one, operation }));
}

type Derived = Omit<DerivedRefusal, "operation">;

function ofAccess(operation: Operation): readonly Derived[] {
  const { access } = operation;
  if (access === "public") return [];
  const nobody = calledBy(operation, () => ({}));
  const powerless = calledBy(operation, (app) => app.as({}).headers);
  return [
    { status: 401, because: "no credential", provoke: nobody },
    ...(access === "caller" ? [] : [{ status: 403, because: "no permission", provoke: powerless }]),
  ];
}

const PART_LENGTH_MAX = 1_024;

function ofPath(operation: Operation): readonly Derived[] {
  const { path, params } = operation;
  const last = [...path.matchAll(/\{(\w+)\}/g)].at(-1)?.[1];
  if (last === undefined) return [];
  const { properties = {} } = (params ?? {}) as Shape;
  const lengthMax = properties[last]?.maxLength ?? Infinity;
  const unknown = changed(operation, (request) => ({
    ...request,
    path: unknownPath(operation, request),
  }));
  const long = changed(operation, (request) => ({
    ...request,
    path: path.replaceAll(/\{\w+\}/g, "x".repeat(lengthMax + 1)),
  }));
  return [
    // Other parts of a path are names that need not be of anything.
    ...(last === "id" ? [{ status: 404, because: "unknown id", provoke: unknown }] : []),
    // A longer part is refused by the router, whatever the operation says.
    ...(lengthMax < PART_LENGTH_MAX
      ? [{ status: 422, because: "invalid path", provoke: long }]
      : []),
  ];
}

function ofQuery(operation: Operation): readonly Derived[] {
  const { additionalProperties, properties = {} } = (operation.query ?? {}) as Shape;
  const more = (query: Readonly<Record<string, string>>): Provoke =>
    changed(operation, (request) => ({ ...request, query: { ...request.query, ...query } }));
  return [
    ...(additionalProperties === false
      ? [{ status: 422, because: "invalid query", provoke: more({ "no-such-filter": "1" }) }]
      : []),
    ...("cursor" in properties
      ? [{ status: 400, because: "altered cursor", provoke: more({ cursor: "altered" }) }]
      : []),
  ];
}

function ofBody(operation: Operation): readonly Derived[] {
  if (operation.body === undefined) return [];
  const sent = (body: string, type = "application/json"): Provoke =>
    changed(operation, (request) => ({ ...request, body }), { "content-type": type });
  return [
    { status: 400, because: "malformed body", provoke: sent('{"a":') },
    { status: 422, because: "invalid body", provoke: sent("[]") },
    { status: 415, because: "media type", provoke: sent("a", "text/plain") },
  ];
}

function ofLimits(operation: Operation): readonly Derived[] {
  const { access, limits } = operation;
  const own = limits.flatMap(countOf);
  const credential = calledBy(
    operation,
    (app) => app.as({ ...everything, subject: make.id("user"), limits: ["1/h"] }).headers,
    2,
  );
  const busy = calledBy(
    operation,
    (app) => app.as({ ...everything, subject: make.id("user") }).headers,
    // More than the limit, since a bucket fills while it is emptied.
    Math.min(...own) * 3,
  );
  return [
    ...(access === "public"
      ? []
      : [{ status: 429, because: "the credential's rate", provoke: credential }]),
    ...(own.length === 0 ? [] : [{ status: 429, because: "the operation's rate", provoke: busy }]),
  ];
}

/** How many calls a limit admits at once, where it is a rate. */
function countOf(limit: Operation["limits"][number]): readonly number[] {
  if (typeof limit === "number") return [limit];
  const rate = typeof limit === "string" ? parseRate(limit) : undefined;
  return rate === undefined ? [] : [rate.limit];
}

function ofState(operation: Operation): readonly Derived[] {
  const { idempotent, errors, example } = operation;
  const reused: Provoke = async ({ app, examples }) => {
    const request = examples.make(operation, example, await examples.seeded(example));
    const headers = { ...headersFor(app, request), "idempotency-key": make.id("key") };
    await examples.send(request, headers);
    const body = another(operation, request.body);
    return await examples.send({ ...request, body }, headers);
  };
  return [
    ...(idempotent
      ? [{ status: 422, because: "key of another request", provoke: reused, isFresh: true }]
      : []),
    ...errors
      .filter((code) => code in (example.refused ?? {}) || TAKEN.test(code))
      .map((code) => ({
        status: 409,
        because: code,
        provoke: conflict(operation, code),
        isFresh: true,
      })),
  ];
}

/** Codes of what must be unique, and of states that do not allow it. */
const TAKEN = /(?:Taken|[a-z]Exists|\.inactive|\.pinned|\.conflict)$/;

function conflict(operation: Operation, code: string): DerivedRefusal["provoke"] {
  const refused = operation.example.refused?.[code];
  if (refused === undefined) return undefined;
  return async ({ app, examples }) => {
    const request = { ...operation.example, ...refused };
    const made = examples.make(operation, request, await examples.seeded(request));
    const headers = headersFor(app, made);
    for (let sent = 1; sent < (refused.times ?? 1); sent += 1) await examples.send(made, headers);
    return await examples.send(made, headers);
  };
}

interface BodySchema {
  readonly properties?: Readonly<
    Record<string, { readonly type?: string; readonly pattern?: string; readonly format?: string }>
  >;
}

/** A body that is as valid as the first, and another one: another text, a list with less in it, another number. */
function another({ body: schema }: Operation, body: unknown): unknown {
  const { properties = {} } = (schema ?? {}) as BodySchema;
  const whole = body as Readonly<Record<string, unknown>>;
  const text = Object.entries(properties).find(
    ([, { type, pattern, format }]) =>
      type === "string" && pattern === undefined && format === undefined,
  );
  if (text !== undefined) return { ...whole, [text[0]]: "another" };
  return Object.fromEntries(
    Object.entries(whole).map(([name, value]) => {
      if (Array.isArray(value)) return [name, value.slice(0, -1)];
      return [name, typeof value === "number" ? value + 1 : value];
    }),
  );
}
