import type { ResourceGrant, Tx } from "portico/kernel";

/** What somebody is in one organization. */
export interface Membership {
  readonly organization: string;
  readonly userId: string;
  /** Names of roles: `owner`, `admin`, `moderator`, `member`, `guest`, or the organization's own. */
  readonly roles: readonly string[];
}

/** What somebody may do in one organization: the sum of roles and grants. */
export interface Holding {
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  /** Over one resource each: `room:42` → `messages:*`. */
  readonly grants: readonly ResourceGrant[];
}

/** Organizations, who belongs to them, and what that allows. */
export interface OrganizationsFace {
  /** From memory where the change feed allows it; undefined for who is no member, and for one who is banned. */
  holdingOf(userId: string, organization: string): Promise<Holding | undefined>;
  /** The same at once; undefined too where it has to be looked up. One object as long as nothing of it changes. */
  knownHolding(userId: string, organization: string): Holding | undefined;
  /** The organizations a person belongs to, oldest first. */
  membershipsOf(userId: string): Promise<readonly Membership[]>;
  /**
   * Makes a new account a member where it belongs: of the organization of its invitation, else of `default`. Within the
   * transaction that makes the account. Throws `identity.badInvitation`.
   */
  admit(
    account: {
      readonly userId: string;
      readonly email: string | null;
      readonly invitation?: string;
    },
    tx: Tx,
  ): Promise<Membership>;
  /**
   * Makes a person a member with these roles, or gives a member these roles instead of his own, without asking who gives
   * them: whoever calls it answers for it. Of an organization other than the transaction's, too.
   */
  assign(membership: Membership, tx: Tx): Promise<Membership>;
  /** Ends all memberships and grants of a person. */
  removeEverywhere(userId: string, tx: Tx): Promise<void>;
  /**
   * Tells all processes that what a person (`*`: everybody) holds is being changed by this transaction; this process looks
   * it up from now on.
   */
  changing(userId: string, tx: Tx): void;
  /** The same of an organization that is deleted by this transaction. */
  closing(organization: string, tx: Tx): void;
}

/** The kind under which changes of memberships, roles and grants are told; the id is a person's, or `*` for a role. */
export const HOLDING_CHANGES = "identity.holding";
