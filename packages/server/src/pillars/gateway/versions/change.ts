import type { ReplyMessage, RequestMessage } from "../message/index.ts";
import { parseTemplate } from "../template.ts";

/** Calls that a change is about: a method (all when left out) and a path template below the API's base path. */
export interface ChangedCalls {
  readonly method?: string;
  /** `/invoices/{id}`; a `*` at the end takes all below. */
  readonly path: string;
}

/**
 * One thing that a version changed against the one before it: how a request of the version before becomes one of this
 * version, and a reply of this version one of the version before. Both are synchronous and change the message in place;
 * what they throw is answered as `gateway.versionChangeFailed`, and nothing of the change is forwarded.
 *
 * @example
 * interface Older { name: string }
 * interface Newer { firstName: string; lastName: string }
 * export default defineVersionChange<Older | Newer, Newer | Older>({
 *   description: "`name` became `firstName` and `lastName`",
 *   only: [{ method: "POST", path: "/people" }],
 *   request(message) {
 *     if (!("name" in message.body)) return;
 *     const [firstName = "", lastName = ""] = message.body.name.split(" ");
 *     message.body = { firstName, lastName };
 *   },
 *   response(message) {
 *     if ("firstName" in message.body) {
 *       message.body = { name: `${message.body.firstName} ${message.body.lastName}` };
 *     }
 *   },
 * });
 */
export interface VersionChange {
  /** For people: in logs, in the list of versions, in a changelog. */
  readonly description: string;
  /** All calls of the API when left out. */
  readonly only?: readonly ChangedCalls[];
  /** Ask `response` for replies of 400 and above as well; their bodies are seldom what the change is about. */
  readonly alsoErrors?: boolean;
  request?(message: RequestMessage): void;
  response?(message: ReplyMessage): void;
}

/** Gives a version change its type; nothing happens yet. See {@link VersionChange} for an example. */
export function defineVersionChange<TRequest = unknown, TReply = unknown>(
  change: Omit<VersionChange, "request" | "response"> & {
    request?(message: RequestMessage<TRequest>): void;
    response?(message: ReplyMessage<TReply>): void;
  },
): VersionChange {
  // What the types say of bodies is the author's expectation: they come from outside and nobody checks them here.
  return change;
}

/** What stands where a change is expected, or why it is none. */
export function asVersionChange(value: unknown): VersionChange | string {
  if (typeof value !== "object" || value === null) return "it is no object";
  const { description, request, response, only } = value as Partial<Record<string, unknown>>;
  if (typeof description !== "string" || description === "") return "it has no description";
  for (const [name, given] of Object.entries({ request, response })) {
    if (given !== undefined && typeof given !== "function") return `its ${name} is no function`;
  }
  if (request === undefined && response === undefined) return "it has neither request nor response";
  if (only !== undefined && !(Array.isArray(only) && only.every(isChangedCalls))) {
    return "its `only` is no list of { method?, path }";
  }
  return value as VersionChange;
}

function isChangedCalls(value: unknown): value is ChangedCalls {
  if (typeof value !== "object" || value === null) return false;
  const { method, path } = value as Partial<Record<string, unknown>>;
  const isMethod = method === undefined || (typeof method === "string" && /^[A-Z]+$/.test(method));
  return isMethod && typeof path === "string" && path.startsWith("/") && isTemplate(path);
}

function isTemplate(path: string): boolean {
  return typeof parseTemplate(path) !== "string";
}
