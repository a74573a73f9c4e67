import { capability } from "portico/kernel";
import type { Caller, Origin, RequestClient, ResourceGrant } from "portico/kernel";

/** A person, as far as OAuth looks at one. */
export interface Person {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  readonly email: string | null;
  readonly isEmailVerified: boolean;
  readonly state: "active" | "suspended" | "deleted";
}

/** What somebody may do in one organization. */
export interface Holding {
  readonly permissions: readonly string[];
  readonly grants: readonly ResourceGrant[];
}

/** A new session of a person's. */
export interface NewSession {
  readonly userId: string;
  readonly organization: string;
  readonly from: { readonly address: string; readonly device: string };
  readonly methods: readonly string[];
}

/** A set of JSON Web Keys. */
export interface KeySet {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/** What OAuth uses of identity: who somebody is, what they hold, their sessions, and the keys that sign. */
export interface IdentityFace {
  readonly people: {
    find(id: string): Promise<Person | undefined>;
    checkPassword(login: {
      readonly username?: string;
      readonly email?: string;
      readonly password: string;
      readonly address: string;
      readonly knownDevice?: string;
    }): Promise<Person>;
    deviceIn(client: RequestClient): string | undefined;
    deviceToken(id: string, client: RequestClient): { readonly cookie: string };
  };
  readonly organizations: {
    holdingOf(userId: string, organization: string): Promise<Holding | undefined>;
  };
  readonly sessions: {
    ofCookie(cookie: string | undefined): Promise<Caller | undefined>;
    publicKeys(): Promise<KeySet>;
    signingKeys(): Promise<KeySet>;
  };
  signIn(
    session: NewSession,
    origin: Origin,
  ): Promise<{ readonly id: string; readonly cookies: readonly string[] }>;
  signOut(session: { readonly userId: string; readonly id: string }, origin: Origin): Promise<void>;
}

/** `identity@1` */
export const Identity = capability<IdentityFace>("identity@1");

/** Second proofs of identity's people. */
export interface FactorsFace {
  needed(userId: string): Promise<boolean>;
  verify(userId: string, code: string): Promise<boolean>;
}

/** `identity.factors@1` */
export const Factors = capability<FactorsFace>("identity.factors@1");

/** The kinds under which identity tells of changes, and what they are of. */
export const IDENTITY_CHANGES = {
  person: "identity.person",
  holding: "identity.holding",
  session: "identity.session",
} as const;
