import type { Problem } from "portico/kernel";
import { raise } from "../errors.ts";
import { readTarget } from "../path.ts";
import type { ReplyMessage, RequestMessage } from "../message/index.ts";
import { parseTemplate, readParameters } from "../template.ts";
import type { Template } from "../template.ts";
import type { ChangedCalls, VersionChange } from "./change.ts";

/** One change and where it comes from. */
export interface ChainLink {
  /** The version that made the change. */
  readonly version: string;
  /** Its module's path, or `inline`. */
  readonly module: string;
  readonly change: VersionChange;
}

/** A link with the templates of its calls read. */
export interface ReadLink extends ChainLink {
  /** Undefined for all calls. */
  readonly only:
    readonly { readonly method: string | undefined; readonly template: Template }[] | undefined;
}

/** The changes between a caller's version and the one that is forwarded, oldest first. */
export interface Chain {
  readonly links: readonly ReadLink[];
  readonly changesRequests: boolean;
  readonly changesReplies: boolean;
}

/** What a chain is picked for. */
export interface ChainPlace {
  /** Template of the route below the base path: `/invoices/{id}`, `/*`. */
  readonly path: string;
  /** Undefined for every method. */
  readonly methods?: readonly string[] | undefined;
}

/**
 * The links that can concern a route; undefined when none can, so that the route pays nothing. A change before it may give
 * a request another path: from the first such on, all are kept and judged call by call.
 */
export function chainFor(
  links: readonly ChainLink[],
  { path, methods }: ChainPlace,
): Chain | undefined {
  const kept: ReadLink[] = [];
  let mayMove = false;
  for (const link of links) {
    const { change } = link;
    const { only } = change;
    const concerns =
      mayMove ||
      only === undefined ||
      only.some(
        (calls) =>
          (calls.method === undefined || (methods?.includes(calls.method) ?? true)) &&
          canBeOfBoth(path, calls.path),
      );
    if (!concerns) continue;
    kept.push({ ...link, only: only?.flatMap(readCalls) });
    mayMove ||= change.request !== undefined;
  }
  if (kept.length === 0) return undefined;
  return {
    links: kept,
    changesRequests: kept.some(({ change }) => change.request !== undefined),
    changesReplies: kept.some(({ change }) => change.response !== undefined),
  };
}

function readCalls({ method, path }: ChangedCalls): NonNullable<ReadLink["only"]> {
  const template = parseTemplate(path);
  return typeof template === "string" ? [] : [{ method, template }];
}

/** True when one path can be of two templates. */
function canBeOfBoth(left: string, right: string): boolean {
  const a = left.split("/");
  const b = right.split("/");
  const length = Math.max(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const one = a[index];
    const other = b[index];
    if ((one === "*" && index === a.length - 1) || (other === "*" && index === b.length - 1)) {
      return true;
    }
    if (one === undefined || other === undefined) return false;
    if (one !== other && !isParameter(one) && !isParameter(other)) return false;
  }
  return true;
}

function isParameter(part: string): boolean {
  return part.includes("{");
}

/**
 * Takes a request up. Answers the links that were about it: its reply goes down the same way. Throws
 * `gateway.versionChangeFailed`; then the message is half changed and must be thrown away.
 */
export function climb({ links }: Chain, message: RequestMessage): readonly ChainLink[] {
  const taken: ChainLink[] = [];
  for (const link of links) {
    if (!concerns(link, message)) continue;
    taken.push(link);
    const { change } = link;
    if (change.request === undefined) continue;
    attempt(link, "gateway.versionChangeFailed", () => change.request?.(message));
    const path: unknown = message.path;
    const target = typeof path === "string" ? readTarget(path) : "is no text";
    if (typeof target === "string" || target.path !== path) {
      throw failure(
        link,
        "gateway.versionChangeFailed",
        "the path that it made is not in plain form",
      );
    }
  }
  return taken;
}

/** Takes a reply down: the links of `climb`, newest first. Throws `gateway.versionReplyFailed`. */
export function descend(taken: readonly ChainLink[], message: ReplyMessage): void {
  for (const link of taken.toReversed()) {
    const { change } = link;
    if (change.response === undefined) continue;
    if (message.status >= 400 && change.alsoErrors !== true) continue;
    attempt(link, "gateway.versionReplyFailed", () => change.response?.(message));
    const status: unknown = message.status;
    if (typeof status !== "number" || !Number.isInteger(status) || status < 200 || status > 599) {
      throw failure(
        link,
        "gateway.versionReplyFailed",
        "the status that it made is none of 200 to 599",
      );
    }
  }
}

function concerns({ only }: ReadLink, { method, path }: RequestMessage): boolean {
  return (
    only === undefined ||
    only.some(
      (calls) =>
        (calls.method === undefined || calls.method === method) &&
        readParameters(calls.template, path) !== undefined,
    )
  );
}

type Code = "gateway.versionChangeFailed" | "gateway.versionReplyFailed";

function attempt(link: ChainLink, code: Code, run: () => unknown): void {
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    throw failure(link, code, error);
  }
  if (typeof result !== "object" || result === null || !("then" in result)) return;
  // Nobody waits for it: a later rejection must not end the process.
  if (result instanceof Promise) result.catch(() => undefined);
  throw failure(link, code, "it returned a promise, but version changes are synchronous");
}

/** Refuses with the module's name for the operator; callers learn only the version. */
export function failure(
  { version, module, change }: ChainLink,
  code: Code,
  cause: unknown,
): Problem {
  const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return raise(code, {
    params: { version },
    cause,
    internal: `${module} (${change.description}): ${reason}`,
  });
}
