import type { Caller, FrontRequest } from "portico/kernel";
import { MessageQuery } from "../message/index.ts";
import type { MessageHeaders } from "../message/index.ts";
import { belowBase, paramsOf } from "../params.ts";
import type { Target } from "../path.ts";

/** A call, as far as templates speak of it: what is compiled into routes cannot name the call that holds a route. */
export interface SpokenCall {
  readonly front: FrontRequest;
  readonly caller: Caller;
  readonly target: Target;
  readonly route: {
    readonly template: string;
    readonly api: { readonly id: string; readonly basePath: string };
    readonly version?: { readonly id: string } | undefined;
  };
}

/** What a template may speak of. */
export interface FillFrom {
  readonly call: SpokenCall;
  /** Undefined while there is no reply. */
  readonly reply: { readonly status: number; readonly headers: MessageHeaders } | undefined;
}

/** A text with parts that each call fills in. What is missing is empty. */
export interface ValueTemplate {
  readonly fill: (from: FillFrom) => string;
  /** It speaks of the request, so that a caller has a hand in it. */
  readonly isOfCaller: boolean;
}

/** Where a template stands. */
export interface TemplatePlace {
  /** Names of the route's parameters. */
  readonly params: ReadonlySet<string>;
  readonly isReply: boolean;
}

type Source = (from: FillFrom) => string | undefined;

const FIXED: Readonly<Record<string, Source>> = {
  "caller.organization": ({ call }) => call.caller.organization,
  "caller.subject": ({ call }) => call.caller.subject,
  "caller.kind": ({ call }) => call.caller.kind,
  "caller.credential": ({ call }) => call.caller.credential,
  "caller.environment": ({ call }) => call.caller.environment,
  "request.id": ({ call }) => call.front.requestId,
  "request.method": ({ call }) => call.front.request.method,
  "request.path": ({ call }) => belowBase(call.target.path, call.route.api),
  "api.id": ({ call }) => call.route.api.id,
  version: ({ call }) => call.route.version?.id,
};
const OF_CALLER = /^(?:request\.(?:path|header\.|query\.)|params\.|caller\.)/;

/**
 * Reads a text such as `org-{caller.organization}/{params.id}`; `{{` and `}}` are braces. There is nothing to be evaluated: a
 * name is looked up, or the template is refused. Answers the mistake as a sentence's end.
 */
export function compileValue(text: string, place: TemplatePlace): ValueTemplate | string {
  const parts: (string | Source)[] = [];
  let isOfCaller = false;
  for (const piece of text.match(PIECES) ?? []) {
    if (piece === "{{" || piece === "}}") parts.push(piece.slice(1));
    else if (piece === "{" || piece === "}") return `has a brace without its partner: '${text}'`;
    else if (piece.startsWith("{")) {
      const name = piece.slice(1, -1);
      const source = sourceOf(name, place);
      if (source === undefined) return `speaks of '${name}', which there is not here`;
      isOfCaller ||= OF_CALLER.test(name);
      parts.push(source);
    } else parts.push(piece);
  }
  return {
    isOfCaller,
    fill: (from) =>
      parts.map((part) => (typeof part === "string" ? part : (part(from) ?? ""))).join(""),
  };
}
const PIECES = /\{\{|\}\}|\{[^{}]*\}|[^{}]+|[{}]/g;

function sourceOf(name: string, { params, isReply }: TemplatePlace): Source | undefined {
  if (Object.hasOwn(FIXED, name)) return FIXED[name];
  const [, kind = "", key = ""] = /^([a-z]+(?:\.(?:header|query))?)\.(.+)$/.exec(name) ?? [];
  switch (kind) {
    case "params":
      return params.has(key)
        ? ({ call }) => paramsOf(call.route.template, call.target.path)[key]
        : undefined;
    case "request.query":
      return ({ call }) => new MessageQuery(call.target.query).get(key);
    case "request.header":
      return ({ call }) => {
        const value = call.front.request.headers[key.toLowerCase()];
        return Array.isArray(value) ? value.join(", ") : value;
      };
    case "response.header":
      return isReply ? ({ reply }) => reply?.headers.get(key) : undefined;
    case "response":
      return isReply && key === "status"
        ? ({ reply }) => (reply === undefined ? undefined : String(reply.status))
        : undefined;
    default:
      return undefined;
  }
}
