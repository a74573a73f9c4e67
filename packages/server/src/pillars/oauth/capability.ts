import { capability } from "portico/kernel";

/** What the pillar offers its own operations. */
export interface OAuthFace {
  /** Looks again, from now on, at every token in this process that rests on one of these: `client:<id>`, `grant:<id>`. */
  distrust(things: readonly string[]): void;
}

/** `oauth@1` */
export const OAuth = capability<OAuthFace>("oauth@1");
