import { capability } from "portico/kernel";
import type { OrganizationsFace } from "./organizations/face.ts";
import type { PeopleFace } from "./people/face.ts";
import type { SessionsFace } from "./sessions/face.ts";

/** What the identity pillar offers its own rooms and the pillars that need it. */
export interface IdentityFace {
  readonly people: PeopleFace;
  readonly organizations: OrganizationsFace;
  readonly sessions: SessionsFace;
}

/** `identity@1` */
export const Identity = capability<IdentityFace>("identity@1");
