import type { Finding } from "../exceptions.ts";
import type { Placed, Source } from "../sources.ts";
import { dottedName, findingAt, liesIn, nameOf } from "./place.ts";

/** Names by which a module opens connections; an import of a whole module counts as all of them. */
const DOORS: Readonly<Record<string, RegExp>> = {
  http: /^(request|get|Agent|globalAgent|ClientRequest)$/,
  https: /^(request|get|Agent|globalAgent)$/,
  http2: /^connect$/,
  net: /^(connect|createConnection|Socket|Stream)$/,
  tls: /^(connect|TLSSocket)$/,
  dgram: /./,
  dns: /./,
  "dns/promises": /./,
  undici: /./,
};
const GLOBALS = /^(globalThis\.)?(fetch|WebSocket|EventSource)$/;

/**
 * Who may open connections: the guarded client; the gateway, whose upstreams are the operator's words; the command line,
 * which speaks to a running server over a socket file. A database driver connects inside its library.
 */
const PLACES = ["kernel/outbound/", "pillars/gateway/upstream/", "kernel/data/control.ts"];

/** Connections that somebody else than the guarded client could open. */
export function lookAtOutbound(source: Source): Finding[] {
  if (liesIn(source, PLACES)) return [];
  return source.nodes.flatMap((placed) => {
    const door = doorOf(placed);
    if (door === undefined) return [];
    const wrong = `${door} opens a connection; use ctx.outbound`;
    return [findingAt(source, placed.node, ["outbound", wrong])];
  });
}

function doorOf({ node, within }: Placed): string | undefined {
  if (node.type === "ImportDeclaration" && node.importKind !== "type") {
    return node.specifiers
      .filter((one) => one.type !== "ImportSpecifier" || one.importKind !== "type")
      .map((one) => (one.type === "ImportSpecifier" ? (nameOf(one.imported) ?? "*") : "*"))
      .map((name) => opens(node.source.value, name))
      .find((door) => door !== undefined);
  }
  if (node.type === "ImportExpression") return opens(nameOf(node.source) ?? "", "*");
  if (node.type === "CallExpression" && isRequire(nameOf(node.callee))) {
    const [first] = node.arguments;
    return first === undefined ? undefined : opens(nameOf(first) ?? "", "*");
  }
  if (node.type !== "Identifier" && node.type !== "MemberExpression") return undefined;
  const name = dottedName(node) ?? "";
  const parent = within[0];
  // `hub.fetch` and a property called fetch are other things; `globalThis.fetch` is told once, as the whole.
  const isPart = parent?.type === "MemberExpression" && parent.object !== node;
  const isKey = parent?.type === "Property" && parent.key === node && !parent.shorthand;
  const isType = within.some(({ type }) => type.startsWith("TS") && type !== "TSAsExpression");
  return GLOBALS.test(name) && !isPart && !isKey && !isType ? name : undefined;
}

function isRequire(name: string | undefined): boolean {
  return name === "require" || name === "getBuiltinModule";
}

function opens(specifier: string, name: string): string | undefined {
  const module = specifier.replace(/^node:/, "");
  const names = DOORS[module];
  if (names === undefined) return undefined;
  return name === "*" || names.test(name) ? `${specifier} (${name})` : undefined;
}
