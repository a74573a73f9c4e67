import { ownUrl } from "portico/kernel";
import type { Authenticator, CredentialRequest } from "portico/kernel";
import { cookieForm, readCookie, withoutCookie } from "./cookie.ts";
import { raise } from "./errors.ts";
import type { SessionsRoom } from "./room.ts";
import { isForeign } from "./same-origin.ts";

/** Recognises `Authorization: Bearer <access token>` of a sign-in here. Tokens of other issuers are none of ours. */
export function tokenAuthenticator(room: () => SessionsRoom | undefined): Authenticator {
  return {
    id: "identity.tokens",
    challenge: "Bearer",
    find: ({ headers }) => {
      const text = bearerOf(headers["authorization"]);
      return text !== undefined && room()?.isToken(text) === true ? text : undefined;
    },
    identify: (text) => started(room).verifier.identify(text),
    lookUp: async (id) => await room()?.verifier.lookUp(id),
  };
}

/** Recognises a browser's session by its cookie, and refuses what another site's page sends with it. */
export function cookieAuthenticator(room: () => SessionsRoom | undefined): Authenticator {
  return {
    id: "identity.cookies",
    challenge: "Bearer",
    find: ({ headers }) => {
      const { cookie } = headers;
      const form = cookie === undefined ? undefined : formOf(room);
      const text = form === undefined ? undefined : readCookie(cookie, form);
      return text === "" ? undefined : text;
    },
    identify: (text, request) => {
      const running = started(room);
      refuseForeign(running, request);
      return running.verifier.identifyCookie(text);
    },
    strippedCookie: (cookie) => {
      const form = formOf(room);
      return form === undefined ? cookie : withoutCookie(cookie, form);
    },
  };
}

/** Throws `identity.crossSite` for what another site may have made a browser send. */
export function refuseForeign(
  { ctx, origins }: SessionsRoom,
  request: Pick<CredentialRequest, "headers" | "method">,
): void {
  const own = new URL(ownUrl(ctx.server)).origin;
  if (isForeign(request, new Set([own, ...origins]))) throw raise("identity.crossSite");
}

function started(room: () => SessionsRoom | undefined): SessionsRoom {
  const running = room();
  if (running === undefined) throw raise("identity.badAccessToken", { internal: "not started" });
  return running;
}

function formOf(room: () => SessionsRoom | undefined): ReturnType<typeof cookieForm> {
  const running = room();
  return running === undefined ? undefined : cookieForm(running.ctx.server);
}

function bearerOf(authorization: string | string[] | undefined): string | undefined {
  if (typeof authorization !== "string") return undefined;
  // RFC 9110 §11.1: the scheme in any case, then one or more spaces.
  const isBearer =
    authorization.startsWith("Bearer ") || authorization.slice(0, 7).toLowerCase() === "bearer ";
  return isBearer ? authorization.slice(7).trim() : undefined;
}
