// Examples of operations as requests: filled with what the operations before them have answered, and sent.
import { mailedBy } from "./app.ts";
import type { Caller, ExampleRequest, Operation } from "../../packages/server/src/kernel/index.ts";
import { builtIns } from "../../packages/server/src/platform.ts";
import type { TestApp } from "../../packages/server/src/kernel/testing/index.ts";
import { oneTimeCode } from "./one-time-code.ts";

/** Replies by operation id. */
export type Replies = Readonly<Record<string, unknown>>;

/** What a request was answered. */
export interface Sent {
  readonly status: number;
  readonly text: string;
  readonly json: unknown;
}

/** A request made of an example. */
export interface MadeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The credential that the example itself names, in place of the test's caller. */
  readonly bearer?: string;
}

/** Whoever may do everything, in the organization and over the installation. */
export const everything: Partial<Caller> = { permissions: ["*"], instancePermissions: ["*"] };

const instancePermissions = new Set(
  builtIns().flatMap(({ permissions = {} }) =>
    Object.entries(permissions)
      .filter(([, definition]) => typeof definition !== "string" && definition.scope === "instance")
      .map(([name]) => name),
  ),
);

/** What is about the installation and not about an organization: routes, upstreams. */
export function isInstanceWide({ access }: Operation): boolean {
  return instancePermissions.has(access);
}

/** Whether the example makes accounts, whose names are there once in an installation, or changes how somebody signs in. */
export function touchesSignIn({ id, errors, example }: Operation): boolean {
  return (
    id.startsWith("mfa.") ||
    errors.includes("identity.usernameTaken") ||
    example.after?.includes("auth.register") === true
  );
}

/** Makes and sends the examples of some operations. */
export interface Examples {
  /** Runs what a request comes after, and answers the replies by operation. */
  seeded(request: ExampleRequest): Promise<Replies>;
  make(operation: Operation, request: ExampleRequest, replies: Replies): MadeRequest;
  send(request: MadeRequest, headers: Readonly<Record<string, string>>): Promise<Sent>;
  /** Makes and sends a request with all that it comes after. */
  run(operation: Operation, caller?: Partial<Caller>): Promise<Sent>;
}

/** Ties examples to a server under test. */
export function createExamples(app: TestApp, operations: readonly Operation[]): Examples {
  const send: Examples["send"] = async ({ method, path, query, body }, headers) => {
    const text = new URLSearchParams(query).toString();
    const reply = await app.inject({
      method,
      url: `/api/v1${path}${text === "" ? "" : `?${text}`}`,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    const { status } = reply;
    // Streams are other text: CSV, JSON lines, metrics.
    const isJson = /^application\/(problem\+)?json\b/.test(String(reply.headers["content-type"]));
    return { status, text: reply.text, json: isJson && reply.text !== "" ? reply.json() : null };
  };
  const seeded: Examples["seeded"] = async ({ after = [] }) => {
    const replies: Record<string, unknown> = {};
    for (const id of after) {
      const before = operations.find((each) => each.id === id);
      if (before === undefined) throw new TypeError(`an example comes after unknown ${id}`);
      const request = make(before, before.example, replies);
      replies[id] = (await send(request, headersFor(app, request))).json;
      // The next may ask for what follows from this one: a delivery, a row of the log. Nothing follows from a route.
      if (!isInstanceWide(before)) await app.settled();
    }
    replies["mailed"] = mailedBy(app);
    return replies;
  };
  return {
    seeded,
    make,
    send,
    run: async (operation, caller = everything) => {
      const { example } = operation;
      const request = make(operation, example, await seeded(example));
      return await send(request, headersFor(app, request, caller));
    },
  };
}

/** Headers of the credential that a request names, else of the test's caller. */
export function headersFor(
  app: TestApp,
  { bearer }: MadeRequest,
  caller = everything,
): Readonly<Record<string, string>> {
  return bearer === undefined ? app.as(caller).headers : { authorization: `Bearer ${bearer}` };
}

function make(
  { method, path, example }: Operation,
  request: ExampleRequest,
  replies: Replies,
): MadeRequest {
  const whole = { ...example, ...request };
  const fill = (text: string): string =>
    text.replaceAll(/\{([\w.]+)\}/g, (_whole, reference: string) => look(replies, reference));
  return {
    method,
    path: path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) =>
      encodeURIComponent(fill(whole.path?.[name] ?? "")),
    ),
    query: Object.fromEntries(
      Object.entries(whole.query ?? {}).map(([name, value]) => [name, fill(value)]),
    ),
    ...(whole.bearer === undefined ? {} : { bearer: fill(whole.bearer) }),
    ...(whole.body === undefined
      ? {}
      : { body: JSON.parse(fill(JSON.stringify(whole.body))) as unknown }),
  };
}

/**
 * `{webhooks.create.id}`: the longest operation id that was run, then a path into its reply. With `.totp` behind it, the
 * one-time code of that secret at this moment.
 */
function look(replies: Replies, reference: string): string {
  const id = Object.keys(replies).find((each) => reference.startsWith(`${each}.`));
  if (id === undefined) return `{${reference}}`;
  const path = reference.slice(id.length + 1).split(".");
  const isCode = path.at(-1) === "totp";
  const found = (isCode ? path.slice(0, -1) : path).reduce<unknown>(
    (value, name) => (value as Record<string, unknown>)[name],
    replies[id],
  );
  return isCode ? oneTimeCode(String(found)) : String(found);
}
