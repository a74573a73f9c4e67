import type { Page, PageReply, PluginContext } from "portico/kernel";
import { Gateway } from "./capability.ts";
import { raise } from "./errors.ts";
import type { GatewaySettings } from "./settings.ts";

/** `/api/docs` and `/api/docs/{version}`: what may be called, as JSON for whoever wants to call it. */
export const discoveryPages: readonly Page[] = [
  { path: "/api/docs", serve: (_request, ctx) => answer(ctx, undefined) },
  { path: "/api/docs/{version}", serve: ({ path }, ctx) => answer(ctx, path["version"]) },
];

function answer(ctx: PluginContext, version: string | undefined): PageReply {
  // The kernel has checked the settings against the gateway's schema.
  const { discovery } = ctx.settings as GatewaySettings;
  if (!discovery) throw raise("gateway.notFound", { params: { kind: "page", id: "/api/docs" } });
  const found = ctx.get(Gateway).getDocumentation(version);
  if (found === undefined) {
    throw raise("gateway.notFound", { params: { kind: "version", id: version ?? "" } });
  }
  return {
    status: 200,
    headers: { "content-type": "application/json; charset=utf-8" },
    body: JSON.stringify(found),
  };
}
