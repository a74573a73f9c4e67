import type { RequestClient, Tx } from "portico/kernel";
import type { DeviceToken } from "./device.ts";
import type { PasswordOwner } from "./new-password.ts";

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
  /**
   * The account that has shown the address to be its own; where none has, the only one that claims it, whose `isEmailVerified`
   * is false: nothing is to be given to who has the address on the strength of that.
   */
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
  /**
   * The hash of a password that somebody chooses. Throws `identity.weakPassword` and `identity.busy`. Takes some 30 ms: before
   * the transaction, never in it.
   */
  newPassword(password: string, owner: PasswordOwner): Promise<string>;
  /** Ends the wait of an account at which was guessed, since its owner has shown themselves in another way. */
  release(id: string, tx: Tx): Promise<void>;
  /**
   * Tells all processes that a person is being changed by this transaction; this process looks them up in the store from now
   * on.
   */
  changing(id: string, tx: Tx): void;
  /** The token of a device on which this person has just signed in, to be given to it beside its session. */
  deviceToken(id: string, client: RequestClient): DeviceToken;
  /** The device token that a request carries: what `checkPassword` is given as `knownDevice`. */
  deviceIn(client: RequestClient): string | undefined;
}

/** The kind under which changes of people are told to all processes; the id is the person's. */
export const PEOPLE_CHANGES = "identity.person";
