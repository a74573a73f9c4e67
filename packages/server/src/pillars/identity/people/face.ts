import type { Tx } from "portico/kernel";

/** A person as the other rooms see one. */
export interface Person {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  /** As it was written; null where none was given. */
  readonly email: string | null;
  readonly isEmailVerified: boolean;
  readonly state: "active" | "suspended" | "deleted";
  /** Permissions over the installation, such as `*` of its administrators. */
  readonly instancePermissions: readonly string[];
  /** Milliseconds since 1970, UTC. */
  readonly createdAt: number;
}

/** Who is meant, and the proof. */
export interface PasswordLogin {
  readonly username?: string;
  readonly email?: string;
  readonly password: string;
  /** The client's address, for the brakes on guessing. */
  readonly address: string;
  /** A token of a device on which this person has signed in before: such a device is not slowed by others' guesses. */
  readonly knownDevice?: string;
}

/** People and their passwords. */
export interface PeopleFace {
  /** From memory where the change feed allows it; undefined for an unknown id. */
  find(id: string): Promise<Person | undefined>;
  /** Several at once, for lists; unknown ids are left out. At most 200. */
  findMany(ids: readonly string[]): Promise<readonly Person[]>;
  findByEmail(email: string): Promise<Person | undefined>;
  /**
   * The person whose password this is. Throws `identity.badCredentials` for an unknown name, a wrong password and a person
   * who may not sign in alike, in the same time; `identity.tooManyAttempts` with the time to wait.
   */
  checkPassword(login: PasswordLogin): Promise<Person>;
  /** Throws `identity.badCredentials` unless this is the person's present password: for steps that ask again. */
  confirmPassword(id: string, password: string, address: string): Promise<void>;
  /** Makes a person without a password, as a social login does; the e-mail is verified. Within the transaction of the rest. */
  create(
    person: {
      readonly username: string;
      readonly displayName: string;
      readonly email: string | null;
    },
    tx: Tx,
  ): Promise<Person>;
}

/** The kind under which changes of people are told to all processes; the id is the person's. */
export const PEOPLE_CHANGES = "identity.person";
