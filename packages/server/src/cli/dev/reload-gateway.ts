import { Gateway } from "../../pillars/gateway/index.ts";
import type { GatewayFace } from "../../pillars/gateway/index.ts";
import type { Server } from "../../platform.ts";
import type { Reloaded } from "./messages.ts";

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
    // Validated by the candidate that sent them here, against the same schema.
    const { mistakes } = await gateway.reload(settings as Parameters<GatewayFace["reload"]>[0]);
    if (mistakes !== undefined) return { type: "refused", mistakes };
    return { type: "reloaded", told: routesDifference(before, routeNames(gateway)) };
  } catch (error) {
    return { type: "refused", mistakes: [error instanceof Error ? error.message : String(error)] };
  }
}
