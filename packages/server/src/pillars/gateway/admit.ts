import type {
  LimitCount,
  Access,
  Caller,
  FrontRequest,
  LimitDecision,
  Limiter,
} from "portico/kernel";
import { anonymous, grants, raiseAccess, rateLimited } from "portico/kernel";
import type { Route } from "./call.ts";

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
  return parts.access.identify({ headers: request.headers, remoteAddress: clientAddress });
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
    if (!caller.permissions.some((held) => grants(held, permission))) {
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

/** Counts the call: the credential's own rates over all routes together, then the route's. Throws 429. */
export function takeLimits(
  { limiter }: AdmitParts,
  { caller, route, clientAddress }: LimitedCall,
): LimitDecision | undefined {
  const own = caller.limits;
  if (limiter === undefined) return undefined;
  const counts: LimitCount[] = [];
  if (own !== undefined && own.length > 0) counts.push({ name: "credential", rates: own });
  if (route.rates.length > 0) counts.push({ name: route.id, rates: route.rates });
  if (counts.length === 0) return undefined;
  const subject = caller.kind === "anonymous" ? clientAddress : caller.subject;
  const decision = limiter.take({ subject, counts });
  if (!decision.allowed) throw rateLimited(decision);
  return decision;
}

/** Whom and what to count. */
export interface LimitedCall {
  readonly caller: Caller;
  readonly route: Route;
  readonly clientAddress: string;
}
