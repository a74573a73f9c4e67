import { ownUrl } from "portico/kernel";
import type { MountExchange, PluginContext } from "portico/kernel";
import type { AccessTokens } from "./access-tokens.ts";
import { scopeLabels } from "./pages/labels.ts";

/** About this server as a resource (RFC 9728): who issues tokens for it, and how they are sent. */
export function resourceMetadata(
  { response }: MountExchange,
  { ctx, tokens }: { readonly ctx: PluginContext; readonly tokens: AccessTokens },
): Promise<void> {
  const document = {
    resource: tokens.audience(),
    authorization_servers: [ownUrl(ctx.server)],
    bearer_methods_supported: ["header"],
    scopes_supported: [...scopeLabels(ctx).keys()],
  };
  response.writeHead(200, {
    "content-type": "application/json",
    "access-control-allow-origin": "*",
    "cache-control": "max-age=300",
  });
  response.end(JSON.stringify(document));
  return Promise.resolve();
}
