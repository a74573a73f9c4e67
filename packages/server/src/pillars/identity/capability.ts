import { capability } from "portico/kernel";
import type { Origin } from "portico/kernel";
import type { OrganizationsFace } from "./organizations/face.ts";
import type { PeopleFace } from "./people/face.ts";
import type { NewSession, OpenedSession, SessionsFace } from "./sessions/face.ts";

/** What the identity pillar offers its own rooms and the pillars that need it. */
export interface IdentityFace {
  readonly people: PeopleFace;
  readonly organizations: OrganizationsFace;
  readonly sessions: SessionsFace;
  /**
   * Opens a session in a transaction of its own: for pillars, which have no part in those of identity. Throws
   * `identity.factorRequired` where the password alone was given and is not enough.
   */
  signIn(session: NewSession, origin: Origin): Promise<OpenedSession>;
  /** Ends one session of a person, with its tokens, in a transaction of its own. */
  signOut(session: { readonly userId: string; readonly id: string }, origin: Origin): Promise<void>;
}

/** `identity@1` */
export const Identity = capability<IdentityFace>("identity@1");
