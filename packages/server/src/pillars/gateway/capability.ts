import { capability } from "portico/kernel";
import type { Capability } from "portico/kernel";
import type { Purge } from "./cache/index.ts";

/** One compiled route, as it is shown. */
export interface RouteView {
  readonly id: string;
  readonly api: string;
  /** Null where the API has no versions. */
  readonly version: string | null;
  readonly deprecated: boolean;
  readonly host: string | null;
  readonly path: string;
  /** Null for every method. */
  readonly methods: readonly string[] | null;
  readonly upstream: string;
  readonly auth: "none" | "key" | "token" | "either";
  readonly permissions: readonly string[];
  readonly rateLimit: readonly string[];
  /** Types of the events that successful calls make. */
  readonly emits: readonly string[];
}

/** What the gateway offers other plugins. */
export interface GatewayFace {
  /** The table in force, in the order of the configuration. */
  routes(): readonly RouteView[];
  /** Takes replies out of the cache of this process. */
  purgeCache(purge: Purge): void;
}

/** `gateway@1` */
export const Gateway: Capability<GatewayFace> = capability<GatewayFace>("gateway@1");
