import { capability } from "portico/kernel";
import type { Tx } from "portico/kernel";

/** What a person has set up beside the password. Times are milliseconds since 1970, UTC. */
export interface FactorState {
  /** `pending`: enrolled and not yet confirmed, so that it is not asked for. */
  readonly totp: "none" | "pending" | "active";
  readonly totpSince: number | null;
  /** Recovery codes that are not used. */
  readonly recoveryCodesLeft: number;
  readonly recoveryCodesSince: number | null;
}

/** Second factors: one-time codes of an authenticator app (RFC 6238), and recovery codes for who has lost it. */
export interface FactorsFace {
  /** True when sign-in asks for a second proof. */
  needed(userId: string): Promise<boolean>;
  /**
   * Whether this is a code of the person's that was not used before; it is used up then. A wrong one-time code is counted
   * durably, and after the free ones each further try waits: `identity.tooManyCodes`, also for a right code. Recovery codes
   * are too long to be guessed and never wait. Has transactions of its own: call it before the one of its consequences.
   */
  verify(userId: string, code: string): Promise<boolean>;
  /**
   * The same for a one-time code alone: of an app that is confirmed, or of one that is just being set up. What `code` says is
   * six digits, or it is wrong.
   */
  takeTotp(userId: string, code: string, of: "active" | "pending"): Promise<boolean>;
  state(userId: string): Promise<FactorState>;
  /** Ends all factors of a person, as deleting an account or an administrator's help does. True when there was one. */
  removeAll(userId: string, tx: Tx): Promise<boolean>;
}

/** `identity.factors@1` */
export const Factors = capability<FactorsFace>("identity.factors@1");
