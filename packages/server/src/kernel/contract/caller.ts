import type { LimitSpec } from "./limit-spec.ts";

/**
 * Whoever makes a request. `organization` is the tenant it acts in; `subject` names it in rows and logs (a key's
 * id, a user's id, or the host application's own user id as text).
 */
export interface Caller {
  readonly kind: "key" | "user" | "client" | "token" | "internal" | "anonymous";
  readonly organization: string;
  readonly subject: string;
  /** What it may do: `notes:read`, `notes:*`, `*`. Instance permissions are never meant by an organization's `*`. */
  readonly permissions: readonly string[];
  /** Permissions over the installation itself, held apart (design §10.2). */
  readonly instancePermissions: readonly string[];
  /** Permissions over single resources of the organization, and their denials. */
  readonly grants?: readonly ResourceGrant[];
  /** The credential's own id, where it is not the subject: a session, a key that acts for a user. */
  readonly credential?: string;
  /** What people call the credential. */
  readonly name?: string;
  /** A label such as `live` or `test`; never a data partition. */
  readonly environment?: string;
  /** Limits that the credential itself carries: `"60/min"`. The same list for every call of one credential. */
  readonly limits?: readonly LimitSpec[];
  /** The user it acts for, of Portico or of the host application: the 'user' of limits per user. */
  readonly userId?: string;
  /** Who really acts, where somebody else stands in for the caller: an administrator's id. The audit names both. */
  readonly impersonator?: string;
  /** Fronted API → version that this credential is bound to. */
  readonly pins?: Readonly<Record<string, string>>;
  /**
   * What it is kept to beyond its permissions, name → value: `webhooks.owner` → `cust_7`. It reaches only operations that
   * declare to keep to every one of these names, and no fronted API.
   */
  readonly restrictions?: Readonly<Record<string, string>>;
}

/**
 * A permission over one resource of an organization, or its denial. Denial wins, over whatever else is held. It never
 * means a permission over the installation.
 */
export interface ResourceGrant {
  /** `room:42`, `room:*` for every room, `*` for every resource and for what is asked without one. */
  readonly resource: string;
  /** `messages:write`, `messages:*`, `*`. */
  readonly permission: string;
  readonly effect: "allow" | "deny";
}

/** The organization of a single-tenant installation. */
export const DEFAULT_ORGANIZATION = "default";

/** Nobody: what a request without a credential is. */
export const anonymous: Caller = {
  kind: "anonymous",
  organization: DEFAULT_ORGANIZATION,
  subject: "anonymous",
  permissions: [],
  instancePermissions: [],
};

/** Portico itself, acting in one organization: jobs, reactions, the command line. */
export function internalCaller(organization: string, subject = "portico"): Caller {
  return {
    kind: "internal",
    organization,
    subject,
    permissions: ["*"],
    instancePermissions: ["*"],
  };
}
