import { isProblem, ownUrl } from "portico/kernel";
import type { Mount, MountExchange, PluginContext } from "portico/kernel";
import type { OAuthEngine } from "./engine.ts";
import { raise } from "./errors.ts";
import { serveInteraction } from "./interaction.ts";
import type { InteractionParts } from "./interaction.ts";
import { resourceMetadata } from "./resource-metadata.ts";
import { settingsOf } from "./settings.ts";
import { serveUserInfo } from "./user-info.ts";
import type { UserInfoParts } from "./user-info.ts";

/** Largest form; more than any request of the protocol has. */
const BODY_BYTES_MAX = 50_000;

/** What the endpoints work with, once the pillar has started. */
export interface Running extends InteractionParts, UserInfoParts {
  /** The engine of the present signing keys. */
  engine(): Promise<OAuthEngine>;
}

type Serve = (exchange: MountExchange, running: Running) => Promise<void>;

/** Every endpoint of the protocol, and the pages for signing in. */
export function mountsOf(running: () => Running): readonly Mount[] {
  const engine: Serve = async (exchange, parts) => {
    allowForms(exchange);
    await (await parts.engine()).serve(exchange);
  };
  const mount = (path: string, methods: Mount["methods"], serve: Serve): Mount => ({
    path,
    methods,
    bodyBytesMax: BODY_BYTES_MAX,
    serve: async (exchange, ctx) => {
      try {
        checkHost(exchange, ctx);
        await serve(exchange, running());
      } catch (error) {
        refuse(exchange, error);
      }
    },
  });
  return [
    mount("/oauth/authorize", ["GET"], engine),
    mount("/oauth/authorize/{uid}", ["GET"], engine),
    mount("/oauth/token", ["POST", "OPTIONS"], engine),
    mount("/oauth/revoke", ["POST", "OPTIONS"], engine),
    mount("/oauth/introspect", ["POST", "OPTIONS"], engine),
    mount("/oauth/jwks", ["GET"], serveKeys),
    mount("/oauth/logout", ["GET"], engine),
    mount("/oauth/logout/confirm", ["POST"], engine),
    mount("/oauth/logout/success", ["GET"], engine),
    mount("/.well-known/openid-configuration", ["GET", "OPTIONS"], engine),
    mount("/.well-known/oauth-authorization-server", ["GET", "OPTIONS"], engine),
    mount("/.well-known/oauth-protected-resource", ["GET"], resourceMetadata),
    mount("/.well-known/oauth-protected-resource/api", ["GET"], resourceMetadata),
    mount("/oauth/userinfo", ["GET", "POST"], serveUserInfo),
    mount("/oauth/interaction/{uid}", ["GET", "POST"], async (exchange, parts) => {
      await serveInteraction(exchange, parts, await parts.engine());
    }),
  ];
}

/** The keys by which tokens are checked: with those of the recent past and the next one. */
async function serveKeys({ response }: MountExchange, { identity }: Running): Promise<void> {
  const keys = await identity.sessions.publicKeys();
  response.writeHead(200, {
    "content-type": "application/jwk-set+json",
    "access-control-allow-origin": "*",
    "cache-control": "max-age=300",
  });
  response.end(JSON.stringify(keys));
}

/** Discovery and redirects name this server: nobody but itself says how it is called. */
function checkHost({ request }: MountExchange, ctx: PluginContext): void {
  const { host } = request.headers;
  const known = new URL(ownUrl(ctx.server));
  const given = (host ?? "").toLowerCase();
  if (host !== undefined && [known.host, ...settingsOf(ctx).hosts].includes(given)) return;
  if (host !== undefined && isLoopback(known.hostname) && isSameLoopback(given, known)) return;
  throw raise("oauth.unknownHost", { params: { host: given.slice(0, 100) } });
}

/** On the machine itself its names mean the same. */
function isSameLoopback(host: string, known: URL): boolean {
  const url = URL.parse(`http://${host}`);
  return url !== null && isLoopback(url.hostname) && url.port === known.port;
}

function isLoopback(name: string): boolean {
  return name === "localhost" || name === "127.0.0.1" || name === "[::1]";
}

/** The engine answers a form that sends itself where the protocol says so, and puts its script's hash in here. */
function allowForms({ response }: MountExchange): void {
  response.setHeader(
    "content-security-policy",
    "default-src 'none'; script-src; base-uri 'none'; frame-ancestors 'none'",
  );
}

/** Refusals in the protocol's own form (RFC 6749 §5.2), with our code beside it. */
function refuse({ response }: MountExchange, error: unknown): void {
  if (response.headersSent || !isProblem(error) || error.status >= 500) throw error;
  const { status, code, message, options } = error;
  const isToken = status === 401;
  response.writeHead(status, {
    "content-type": "application/json",
    "cache-control": "no-store",
    ...options.headers,
    ...(isToken ? { "www-authenticate": 'Bearer error="invalid_token"' } : {}),
  });
  const word = isToken ? "invalid_token" : "invalid_request";
  response.end(JSON.stringify({ error: word, error_description: message, code }));
}
