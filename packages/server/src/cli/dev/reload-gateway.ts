import { capability } from "../../kernel/contract/index.ts";
import type { Server } from "../../platform.ts";
import type { Reloaded } from "./messages.ts";

/** The part of the gateway that is used here. */
interface GatewayFace {
  routes(): readonly {
    readonly api: string;
    readonly methods: readonly string[] | null;
    readonly path: string;
  }[];
  reload?(
    settings: unknown,
  ): Promise<{ readonly mistakes?: readonly string[] | undefined; readonly changed?: unknown }>;
}

/** Known by its id: a gateway of another version, or somebody else's, is one as well. */
const Gateway = capability<GatewayFace>("gateway@1");

const TOLD_MAX = 12;

function routeNames(gateway: Pick<GatewayFace, "routes">): ReadonlySet<string> {
  return new Set(
    gateway
      .routes()
      .map(({ api, methods, path }) => `${api}: ${methods?.join(",") ?? "every method"} ${path}`),
  );
}

/** Which routes came and went, a line each; beyond a dozen their number. */
function routesDifference(before: ReadonlySet<string>, after: ReadonlySet<string>): string[] {
  const lines = [
    ...[...after].filter((name) => !before.has(name)).map((name) => `+ ${name}`),
    ...[...before].filter((name) => !after.has(name)).map((name) => `- ${name}`),
  ];
  const more = lines.length - TOLD_MAX;
  return more <= 1 ? lines : [...lines.slice(0, TOLD_MAX), `and ${more} more routes`];
}

/** Puts other settings of the gateway in force in the running server, or tells what keeps it from that. */
export async function reloadGateway(server: Server, settings: unknown): Promise<Reloaded> {
  const gateway = server.context("gateway").get(Gateway);
  const before = routeNames(gateway);
  try {
    if (gateway.reload === undefined) return { type: "unable" };
    // Validated against its schema by the candidate that they come from.
    const { mistakes } = await gateway.reload(settings);
    if (mistakes !== undefined) return { type: "refused", mistakes };
    return { type: "reloaded", told: routesDifference(before, routeNames(gateway)) };
  } catch (error) {
    return { type: "refused", mistakes: [error instanceof Error ? error.message : String(error)] };
  }
}
