import type { Access, Caller, FrontRequest, LimitDecision, Limiter } from "portico/kernel";
import { anonymous, can, raiseAccess, rateLimited } from "portico/kernel";
import type { Call, Route } from "./call.ts";

/** What admission is decided with. */
export interface AdmitParts {
  readonly access: Access;
  readonly limiter: Limiter | undefined;
  /** For `WWW-Authenticate`. */
  readonly challenges: string;
}

/** Who sends the request; only asked of routes that want to know. Synchronous when the credential is cached. */
export function identify(
  parts: AdmitParts,
  { request, clientAddress }: FrontRequest,
  route: Route,
): Caller | Promise<Caller> {
  if (route.auth === "none") return anonymous;
  const { headers, method, url = "" } = request;
  return parts.access.identify({ headers, method, remoteAddress: clientAddress, url });
}

/** Refuses (throws 401, 403) whom the route does not let in. */
export function authorise(parts: AdmitParts, caller: Caller, route: Route): void {
  if (!isWanted(caller, route)) {
    throw raiseAccess("access.unauthenticated", {
      headers: { "www-authenticate": parts.challenges },
    });
  }
  for (const permission of route.permissions) {
    // Permissions of the fronted application are declared by its routes, so none of ours is asked for its scope.
    if (!can(caller, { permission, scope: "organization" }).allowed) {
      throw raiseAccess("access.forbidden", { params: { permission } });
    }
  }
}

function isWanted({ kind }: Caller, { auth }: Route): boolean {
  switch (auth) {
    case "none":
      return true;
    case "key":
      return kind === "key";
    case "token":
      return kind === "user" || kind === "client";
    case "either":
      return kind !== "anonymous";
  }
}

/**
 * Counts the call: by the credential's own limits over all routes together, and by the route's. Synchronous unless a block
 * has to be fetched or the call is held back. Throws 429, and 503 while a closed policy cannot be counted.
 */
export function takeLimits({ limiter }: AdmitParts, call: Call): void | Promise<void> {
  const { caller, route, front } = call;
  if (limiter === undefined) return;
  if (route.place.limits.length === 0 && (caller.limits?.length ?? 0) === 0) return;
  const decision = limiter.take({ caller, address: front.clientAddress, place: route.place });
  if (!(decision instanceof Promise)) {
    settle(call, decision);
    return;
  }
  return decision.then((found) => settle(call, found));
}

/** What was counted as under way is given back when the response closes, however it ends. */
function settle(call: Call, decision: LimitDecision): void {
  if (!decision.allowed) throw rateLimited(decision);
  call.decision = decision;
  // Closed while it was waited for: nobody will tell of it any more.
  if (call.front.response.closed || call.front.response.destroyed) decision.release?.();
}
