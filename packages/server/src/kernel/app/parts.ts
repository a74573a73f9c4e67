import type { Clock } from "../../base/index.ts";
import type { KernelAccess } from "../access/index.ts";
import type { Pin } from "../config/index.ts";
import type { AnyPlugin, Logger, PluginContext, Secrets, ServerFacts } from "../contract/index.ts";
import type { HttpConfig } from "../http/index.ts";
import type { GuardedOutbound } from "../outbound/index.ts";
import type { Driver } from "../store/index.ts";
import type { ServerMeter } from "../telemetry/index.ts";
import type { Exchange, Services } from "./context.ts";
import type { Spine } from "./spine.ts";

/** What a server is assembled from. Time, chance and every outside thing are given, so that tests own them. */
export interface AssembleOptions {
  readonly plugins: readonly AnyPlugin[];
  /** Settings by plugin id, validated. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What of the configuration is no default, and the kernel's own sections; nothing and none when left out. */
  readonly configuration?: {
    readonly pinned: Readonly<Record<string, Pin>>;
    readonly kernel: Readonly<Record<string, unknown>>;
    /** True to start as if nothing were stored. */
    readonly isStoredIgnored?: boolean;
  };
  readonly driver: Driver;
  readonly clock: Clock;
  readonly fillRandom: (bytes: Uint8Array) => void;
  readonly logger: Logger;
  readonly meter: ServerMeter;
  readonly secrets: Secrets;
  /** Of the keys of the ring, by number: compared with those the database was sealed with. */
  readonly fingerprints: Readonly<Record<number, string>>;
  readonly outbound: GuardedOutbound;
  /** The paths are told by the assembly itself. */
  readonly server: Omit<ServerFacts, "ownPaths">;
  readonly http: HttpConfig;
  readonly runTwice?: boolean;
}

/** What becomes known while a server is put together and started. */
export interface PartsState {
  isStarted: boolean;
  ownPaths: readonly string[];
}

/** The pieces of one server, as its lifecycle holds them. */
export interface Parts {
  readonly options: AssembleOptions;
  readonly plugins: readonly AnyPlugin[];
  readonly spine: Spine;
  readonly exchange: Exchange;
  readonly access: KernelAccess;
  readonly services: Services;
  readonly state: PartsState;
}

/** A plugin's context among the parts. */
export function contextIn({ exchange }: Pick<Parts, "exchange">, plugin: string): PluginContext {
  const ctx = exchange.contexts.get(plugin);
  if (ctx === undefined) throw new TypeError(`no plugin has the id '${plugin}'`);
  return ctx;
}
