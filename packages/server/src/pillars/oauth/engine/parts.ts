import type { PluginContext } from "portico/kernel";
import type { IdentityFace } from "../identity.ts";
import type { Standing } from "../standing.ts";
import type { ModelStore } from "../models.ts";
import type { AccessTokens } from "../access-tokens.ts";

/** What the engine works with. */
export interface EngineParts {
  readonly ctx: PluginContext;
  readonly identity: IdentityFace;
  readonly models: ModelStore;
  /** Whether users, sessions and memberships still stand. */
  readonly standing: Standing;
  readonly tokens: AccessTokens;
}
