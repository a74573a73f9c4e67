import { capability } from "portico/kernel";
import type { PluginContext } from "portico/kernel";
import { AccessTokens } from "./access-token.ts";
import type { OpenParts } from "./open.ts";
import { LastSeen } from "./last-seen.ts";
import { settingsOf } from "./settings.ts";
import { SigningKeys } from "./signing-keys.ts";
import { SessionVerifier } from "./verify.ts";

/** This room while it runs: for its own operations, authenticators and jobs. */
export interface SessionsRoom extends OpenParts {
  readonly keys: SigningKeys;
  readonly verifier: SessionVerifier;
  readonly lastSeen: LastSeen;
  /** Of pages beside the server's own that may act with a cookie. */
  readonly origins: readonly string[];
  /** Whether a bearer token is one of a sign-in here. */
  isToken(text: string): boolean;
}

/** `identity.sessions@1` */
export const Sessions = capability<SessionsRoom>("identity.sessions@1");

/** Makes the room of one server. */
export function createRoom(ctx: PluginContext): SessionsRoom {
  const keys = new SigningKeys(ctx);
  const tokens = new AccessTokens(ctx, keys);
  const lastSeen = new LastSeen(ctx);
  const verifier = new SessionVerifier({ ctx, tokens, lastSeen });
  return {
    ctx,
    keys,
    tokens,
    verifier,
    lastSeen,
    origins: settingsOf(ctx).sessions.origins,
    distrust: (id, kind) => verifier.distrust(id, kind),
    isToken: (text) => verifier.knows(text) || tokens.isOurs(text),
  };
}
