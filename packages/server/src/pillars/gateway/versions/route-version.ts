import type { Chain } from "./chain.ts";
import type { PathTemplate, VersionIndex } from "./choose.ts";

/** What the versions of one API have in common. */
export interface ApiVersions {
  readonly api: string;
  readonly index: VersionIndex;
  readonly current: string;
  /** Undefined when paths name no version. */
  readonly path: PathTemplate | undefined;
  /** Lower-case name of the request header; undefined when none names a version. */
  readonly header: string | undefined;
  /** The header's name as replies and upstreams are told it. */
  readonly headerName: string;
  readonly pins: boolean;
  readonly bytesMax: number;
  readonly notJson: "pass" | "refuse";
}

/** The version that a route belongs to, as compiled. */
export interface RouteVersion {
  readonly of: ApiVersions;
  readonly id: string;
  /** The version of what is forwarded: the changes between the two lie in `chain`. */
  readonly forwardedId: string;
  readonly chain: Chain | undefined;
  /** True on the routes of calls that named no version: there the key's pin decides. */
  readonly asksPin: boolean;
  /** Lines for the upstream: the version it is asked in, and the caller's where that is another. */
  readonly upstreamLines: string;
}

/** How a call came to its version. */
export type VersionSource = "path" | "header" | "pin" | "current";
