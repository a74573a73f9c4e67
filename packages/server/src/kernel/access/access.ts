import {
  anonymous,
  type Access,
  type Authenticator,
  type Caller,
  type CallerGuard,
  type CredentialRequest,
  type DeclaredPermissions,
} from "../contract/index.ts";
import { can, type PermissionScope } from "./can.ts";
import { raise } from "./errors.ts";

/** What identification and permission are made of. */
export interface AccessOptions {
  /** Asked in this order. */
  readonly authenticators: readonly Authenticator[];
  /** Every permission that any plugin or the kernel declares. */
  readonly permissions: Readonly<Record<string, PermissionScope>>;
  /** Who knows of further ones, over an organization, while the server runs. */
  readonly declared?: readonly DeclaredPermissions[];
  /** Asked of each caller, in this order. */
  readonly guards?: readonly CallerGuard[];
}

/** {@link Access} as the kernel's own rooms see it. */
export interface KernelAccess extends Access {
  /** All forms of credentials, for `WWW-Authenticate` (RFC 9110 §11.6.1). */
  readonly challenges: string;
  /** The same as `identify`, for operations, which judge a caller's restrictions by what they keep to. */
  identifyAny(request: CredentialRequest): Caller | Promise<Caller>;
}

/**
 * Makes the one judge of who asks and what they may do. `identify` answers {@link anonymous} for a request without a
 * credential, and throws `access.twoCredentials` for one with two (of different kinds).
 */
export function createAccess(options: AccessOptions): KernelAccess {
  const { authenticators, permissions, declared = [], guards = [] } = options;
  // No prototype: a permission called `constructor` is simply unknown.
  const scopes = Object.assign(Object.create(null) as Record<string, PermissionScope>, permissions);
  const scopeOf = (permission: string): PermissionScope | undefined =>
    scopes[permission] ??
    (declared.some((each) => each.has(permission)) ? "organization" : undefined);
  return {
    get challenges() {
      return challengesOf(authenticators);
    },
    can: (caller, permission, resource) =>
      can(caller, { permission, scope: scopeOf(permission), resource }),
    identify: (request) => {
      const caller = guarded(guards, identify(authenticators, request));
      return caller instanceof Promise ? caller.then(unrestricted) : unrestricted(caller);
    },
    identifyAny: (request) => guarded(guards, identify(authenticators, request)),
  };
}

/** All forms of credentials, for `WWW-Authenticate`: of one scheme, the form that says more. */
export function challengesOf(authenticators: readonly Pick<Authenticator, "challenge">[]): string {
  const all = authenticators.map(({ challenge }) =>
    typeof challenge === "string" ? challenge : challenge(),
  );
  const told = all.filter((one) => !all.some((other) => other.startsWith(`${one} `)));
  return [...new Set(told)].join(", ");
}

function guarded(
  guards: readonly CallerGuard[],
  found: Caller | Promise<Caller>,
): Caller | Promise<Caller> {
  let caller = found;
  for (const guard of guards) {
    caller =
      caller instanceof Promise ? caller.then((one) => guard.admit(one)) : guard.admit(caller);
  }
  return caller;
}

function unrestricted(caller: Caller): Caller {
  const [name] = Object.keys(caller.restrictions ?? {});
  if (name === undefined) return caller;
  throw raise("access.restricted", { params: { restriction: name } });
}

function identify(
  authenticators: readonly Authenticator[],
  request: CredentialRequest,
): Caller | Promise<Caller> {
  let chosen: Authenticator | undefined;
  let credential: string | undefined;
  let count = 0;
  for (const each of authenticators) {
    const found = each.find(request);
    if (found === undefined) continue;
    count += 1;
    chosen ??= each;
    credential ??= found;
  }
  if (count > 1) throw raise("access.twoCredentials", { params: { count } });
  if (chosen === undefined || credential === undefined) return anonymous;
  return chosen.identify(credential, request);
}
