import type { Clock } from "portico/kernel";
import type { Modules } from "./load-modules.ts";
import type { Mistakes } from "./mistakes.ts";
import type { Documents } from "./openapi/index.ts";
import type { StepParts } from "./steps.ts";
import type { OwnPathIndex } from "./table/own-paths.ts";
import type { Compilations } from "./table/reuse.ts";
import type { United } from "./table/unite.ts";
import type { Upstream, Upstreams } from "./upstream/index.ts";
import type { VersionCallers } from "./versions/callers.ts";

/** What settings are compiled with. */
export interface CompileOptions {
  readonly clock: Clock;
  /** No route of a fronted API may have a path of Portico's own. */
  readonly ownPaths: OwnPathIndex;
  /** Portico's own host, where it has one: no API can be served there. */
  readonly ownHost: string | undefined;
  /** What the steps of routes work with. */
  readonly parts: StepParts;
  /** Where upstreams are opened, or found open. */
  readonly upstreams: Upstreams;
  /** What the modules that settings name export. */
  readonly modules: Modules;
  /** The OpenAPI documents that APIs and versions name or hold. */
  readonly documents: Documents;
  /** Where the callers of versions and outdated routes are counted. */
  readonly callers: Pick<VersionCallers, "open">;
  /** What is in force, to be taken over where it has not changed. */
  readonly reuse: Compilations;
  readonly mistakes: Mistakes;
}

/** A table while it is compiled. */
export interface Work extends CompileOptions {
  readonly united: United;
  /** Upstreams that the table holds. */
  readonly held: Upstream[];
}
