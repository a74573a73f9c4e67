import { DEFAULT_ORGANIZATION } from "portico/kernel";
import type { Caller, CallerGuard } from "portico/kernel";
import { raise } from "./errors.ts";
import type { Holding } from "./face.ts";
import type { Holdings } from "./holdings.ts";
import { NOBODY } from "./standing.ts";
import type { Standing } from "./standing.ts";

/**
 * Refuses who acts in an organization that is deleted, and who acts for a banned member or a service account that is
 * switched off; and gives callers without an account what guests may do. Synchronous for all that was asked before.
 */
export function callerGuard(running: () => Holdings | undefined): CallerGuard {
  return {
    id: "identity",
    admit: (caller) => {
      const holdings = running();
      // Nobody is asked before the pillar has started.
      return holdings === undefined ? caller : admit(caller, holdings);
    },
  };
}

function admit(caller: Caller, holdings: Holdings): Caller | Promise<Caller> {
  if (caller.kind === "anonymous") return asGuest(caller, holdings);
  const isClosed = holdings.isClosed(caller.organization);
  if (isClosed instanceof Promise) {
    return isClosed.then((closed) => judge(caller, closed, holdings));
  }
  return judge(caller, isClosed, holdings);
}

function judge(caller: Caller, isClosed: boolean, holdings: Holdings): Caller | Promise<Caller> {
  const { organization, userId } = caller;
  if (isClosed) throw raise("identity.organizationClosed", { params: { organization } });
  // Of a session the holding itself was asked for when its caller was made.
  if (userId === undefined || caller.kind === "user") return caller;
  const known = holdings.known(userId, organization);
  if (known !== undefined) return unbarred(caller, known.state);
  return holdings.standingOf(userId, organization).then(({ state }) => unbarred(caller, state));
}

function unbarred(caller: Caller, state: Standing["state"]): Caller {
  if (state === "barred" || (state === "none" && isServiceAccount(caller.userId))) {
    throw raise("identity.callerBarred");
  }
  // An id that is nobody's here is the host application's own.
  return caller;
}

function isServiceAccount(id: string | undefined): boolean {
  return id?.startsWith("svc_") === true;
}

function asGuest(caller: Caller, holdings: Holdings): Caller | Promise<Caller> {
  const known = holdings.known(NOBODY, DEFAULT_ORGANIZATION);
  if (known !== undefined) return withHolding(caller, known.holding);
  return holdings
    .holdingOf(NOBODY, DEFAULT_ORGANIZATION)
    .then((holding) => withHolding(caller, holding));
}

function withHolding(caller: Caller, holding: Holding | undefined): Caller {
  if (holding === undefined || holding.permissions.length === 0) return caller;
  return { ...caller, permissions: holding.permissions, grants: holding.grants };
}
