import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { Provider } from "oidc-provider";
import type { JWKS } from "oidc-provider";
import { ownUrl } from "portico/kernel";
import type { MountExchange } from "portico/kernel";
import { findClient } from "../clients.ts";
import type { Interaction, OAuthEngine } from "../engine.ts";
import { wordsOf } from "../scopes.ts";
import { disguise } from "./adapter.ts";
import { configurationOf, ROUTES } from "./configuration.ts";
import type { EngineParts } from "./parts.ts";
import { followIdentity } from "./sessions.ts";

/** Makes the engine of oidc-provider with these signing keys, the present one first. */
export function createEngine(parts: EngineParts, jwks: JWKS): OAuthEngine {
  const { ctx } = parts;
  const provider = new Provider(ownUrl(ctx.server), configurationOf(parts, jwks));
  // Of our own making, in `viewOf`: what the client sends of these is never seen.
  provider.proxy = true;
  followIdentity(provider, parts);
  checkSecretsByHash(provider, parts);
  provider.on("server_error", (_koa, error) => {
    ctx.logger.error({ err: error }, "a request of OAuth failed");
  });
  const answer = provider.callback();
  const resume = async (
    exchange: MountExchange,
    result: Record<string, unknown>,
  ): Promise<void> => {
    const view = viewOf(parts, exchange, "");
    await provider.interactionFinished(view, exchange.response, result);
  };
  return {
    serve: async (exchange) => {
      const body = await bodyOf(exchange);
      await answer(viewOf(parts, exchange, body), exchange.response);
    },
    interaction: async (exchange) => await findInteraction(provider, parts, exchange),
    signedIn: async (exchange, accountId, methods) => {
      const view = viewOf(parts, exchange, "");
      const found = await provider.interactionDetails(view, exchange.response);
      // Who signs in has a new session, which is not the one that the request began with.
      Reflect.deleteProperty(found, "session");
      await found.save(found.exp - Math.floor(Date.now() / 1_000));
      await resume(exchange, { login: { accountId, amr: [...methods], remember: true } });
    },
    allowed: async (exchange) => await resume(exchange, { consent: {} }),
    denied: async (exchange) =>
      await resume(exchange, {
        error: "access_denied",
        error_description: "the user did not allow it",
      }),
  };
}

async function findInteraction(
  provider: Provider,
  { ctx }: EngineParts,
  exchange: MountExchange,
): Promise<Interaction | undefined> {
  const view = viewOf({ ctx }, exchange, "");
  const found = await provider.interactionDetails(view, exchange.response).catch(() => undefined);
  if (found === undefined || found.uid !== exchange.path["uid"]) return undefined;
  const { params, prompt, session } = found;
  const client = await findClient(textOf(params["client_id"]), ctx);
  if (client === undefined) return undefined;
  return {
    uid: found.uid,
    step: prompt.name === "consent" ? "consent" : "login",
    clientId: client.id,
    clientName: client.name,
    organization: client.organization,
    scopes: wordsOf(params["scope"]),
    userId: session?.accountId,
    loginHint: textOf(params["login_hint"]).slice(0, 200),
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Secrets are kept as hashes: the engine's own comparison would need them in clear. */
function checkSecretsByHash(provider: Provider, { ctx }: EngineParts): void {
  const prototype = provider.Client.prototype as {
    clientId: string;
    compareClientSecret(actual: string): Promise<boolean>;
  };
  prototype.compareClientSecret = async function compare(actual) {
    const client = await findClient(this.clientId, ctx);
    return client?.hasSecret(actual) === true;
  };
}

async function bodyOf(exchange: MountExchange): Promise<string> {
  if (exchange.request.method !== "POST") return "";
  const text = new TextDecoder().decode(await exchange.readBody());
  const path = pathOf(exchange.request.url);
  if (!path.endsWith(ROUTES.introspection) && !path.endsWith(ROUTES.revocation)) return text;
  const fields = new URLSearchParams(text);
  const [token, ...more] = fields.getAll("token");
  if (token === undefined || more.length > 0) return text;
  fields.set("token", disguise(token));
  return fields.toString();
}

function pathOf(url = ""): string {
  const mark = url.indexOf("?");
  return mark < 0 ? url : url.slice(0, mark);
}

/**
 * The request as the engine is to see it: at the server's public address, whatever its Host and `X-Forwarded-*` say, from
 * which the engine would make the addresses that it tells; and with a body that is read already.
 */
function viewOf(
  { ctx }: Pick<EngineParts, "ctx">,
  { request }: MountExchange,
  body: string,
): IncomingMessage {
  const issuer = new URL(ownUrl(ctx.server));
  const { url = "/" } = request;
  const kept = Object.entries(request.headers).filter(
    ([name]) => !name.startsWith("x-forwarded-") && name !== "forwarded",
  );
  const headers = {
    ...Object.fromEntries(kept),
    host: issuer.host,
    "x-forwarded-proto": issuer.protocol.slice(0, -1),
    ...(request.method === "POST" ? { "content-length": String(Buffer.byteLength(body)) } : {}),
  };
  const bytes = Buffer.from(body);
  // Of the request's own kind, so that the framework takes it for one; nothing of the original is changed.
  return Object.create(request, {
    headers: { value: headers },
    originalUrl: { value: url },
    url: { value: url.slice(ctx.server.basePath.length), writable: true },
    readable: { value: true },
    readableEncoding: { value: null },
    iterator: {
      value: async function* read() {
        if (bytes.length > 0) yield await Promise.resolve(bytes);
      },
    },
  }) as IncomingMessage;
}
