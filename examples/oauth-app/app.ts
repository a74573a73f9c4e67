import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import * as oidc from "openid-client";
import { serve } from "./notes.ts";
import type { Serving } from "./notes.ts";

/** What an application is told when it is registered. */
export interface Registered {
  readonly server: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Somebody in a browser: on the way to sign in, or signed in. */
interface Visit {
  readonly verifier?: string;
  readonly state?: string;
  readonly token?: string;
  readonly name?: string;
}

/**
 * An application of somebody else: it signs people in with Portico, and reads their notes with the token it is given. Nothing
 * here is Portico's own: any OpenID Connect library of any language does the same.
 */
export async function startApp(registered: Promise<Registered>): Promise<Serving> {
  const visits = new Map<string, Visit>();
  const app: Serving = await serve((request, response) => {
    answer({ registered, visits, url: () => app.url }, request, response).catch(
      (error: unknown) => {
        response.writeHead(500, { "content-type": "text/plain" });
        response.end(error instanceof Error ? error.message : "it failed");
      },
    );
  });
  return app;
}

interface Parts {
  readonly registered: Promise<Registered>;
  readonly visits: Map<string, Visit>;
  readonly url: () => string;
}

async function answer(
  parts: Parts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", parts.url());
  const id = /(?:^|; )visit=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1] ?? randomUUID();
  response.setHeader("set-cookie", `visit=${id}; Path=/; HttpOnly; SameSite=Lax`);
  switch (url.pathname) {
    case "/":
      return page(response, `<a href="/sign-in">Sign in with Notes</a>`);
    case "/sign-in":
      return redirect(response, await begin(parts, id));
    case "/callback":
      await finish(parts, id, url);
      return redirect(response, "/notes");
    case "/notes":
      return page(response, await notes(parts, id));
    default:
      response.writeHead(404).end();
  }
}

async function configuration({ registered }: Parts): Promise<oidc.Configuration> {
  const { server, clientId, clientSecret } = await registered;
  // Only since this example has no TLS: an application on the network leaves this out. The library marks the function as
  // deprecated, so that nobody uses it by oversight.
  const options = { execute: [Reflect.get(oidc, "allowInsecureRequests")] };
  return await oidc.discovery(new URL(server), clientId, clientSecret, undefined, options);
}

/** Sends the browser to sign in, with a proof of its own (PKCE) that only this application can follow up. */
async function begin(parts: Parts, id: string): Promise<string> {
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  parts.visits.set(id, { verifier, state });
  return oidc.buildAuthorizationUrl(await configuration(parts), {
    redirect_uri: `${parts.url()}/callback`,
    scope: "openid profile",
    state,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  }).href;
}

/** The browser is back with a code: the library checks state and issuer, and redeems it. */
async function finish(parts: Parts, id: string, url: URL): Promise<void> {
  const { verifier = "", state = "" } = parts.visits.get(id) ?? {};
  const config = await configuration(parts);
  const checks = { pkceCodeVerifier: verifier, expectedState: state };
  const tokens = await oidc.authorizationCodeGrant(config, url, checks);
  const name = tokens.claims()?.["name"];
  parts.visits.set(id, {
    token: tokens.access_token,
    name: typeof name === "string" ? name : "somebody",
  });
}

/** Calls the API behind the gateway with the user's token. */
async function notes({ registered, visits }: Parts, id: string): Promise<string> {
  const { server } = await registered;
  const { token = "", name = "nobody" } = visits.get(id) ?? {};
  const reply = await fetch(`${server}/notes`, { headers: { authorization: `Bearer ${token}` } });
  if (!reply.ok) return `The API answered ${reply.status}. <a href="/sign-in">Sign in</a>`;
  const list = (await reply.json()) as { readonly notes: readonly string[] };
  const items = list.notes.map((note) => `<li>${escape(note)}</li>`).join("");
  return `<p>Notes of ${escape(name)}:</p><ul>${items}</ul>`;
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(303, { location }).end();
}

function page(response: ServerResponse, body: string): void {
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
  response.end(`<!doctype html><title>Reader</title><h1>Reader</h1>${body}`);
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
