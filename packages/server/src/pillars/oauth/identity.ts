import { capability } from "portico/kernel";
import type { Caller, Origin } from "portico/kernel";

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
    }): Promise<Person>;
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

/** The kinds under which identity tells of changes, and what they are of. */
export const IDENTITY_CHANGES = {
  person: "identity.person",
  holding: "identity.holding",
  session: "identity.session",
} as const;
