import type { MakeId } from "../../base/index.ts";
import type { Clock } from "../../base/index.ts";
import type { Caller } from "./caller.ts";
import type { Capability } from "./capability.ts";
import type { LogEvent } from "./event.ts";
import type { Outbound } from "./outbound.ts";
import type { Point } from "./point.ts";
import type { StatisticCounts, StatisticQuery } from "./statistics.ts";
import type { Store } from "./store.ts";
import type { Logger, Meter } from "./telemetry.ts";
import type { Tokens } from "./tokens.ts";
import type { Origin } from "./trace.ts";

/** Sealing of what must be stored but not read: AES-256-GCM under the installation's keyring. */
export interface Secrets {
  /** `place` (organization, table, column, id) is bound to the sealed text; opening elsewhere fails. */
  seal(plain: string, place: readonly string[]): string;
  open(sealed: string, place: readonly string[]): string;
  /** A key of its own for one purpose, derived from the keyring: cursors, signed headers. 32 bytes. */
  derive(purpose: string): Uint8Array;
}

/** The log as its readers see it. */
export interface Log {
  /** Calls `listen` for every event that this process learns of, in log order; after a gap it reads the log itself. */
  tail(types: readonly string[], listen: (event: LogEvent) => void): () => void;
  find(organization: string, id: string): Promise<LogEvent | undefined>;
  /** Counts events of one organization or of all by the time they were published; `since` says how long all are kept. */
  count(query: EventCountQuery): Promise<StatisticCounts | undefined>;
  /** Events of one organization, oldest first, after a position. */
  page(query: LogQuery): Promise<readonly LogEvent[]>;
  /**
   * Deletes old events by the policy, little by little, in one process, from now until the returned function is called.
   * What a consumer has not handled, and what is parked, stays.
   */
  retain(policy: RetentionPolicy): () => Promise<void>;
  /** Events that their consumers could not handle, of one organization or of all, in log order. */
  parked(query: ParkedQuery): Promise<readonly ParkedEvent[]>;
  /** Handles parked events again, one transaction each; what fails stays parked. Throws `log.unknownConsumer`. */
  redrive(query: ParkedQuery): Promise<Redriven>;
  /** Settles once every consumer has handled all that was committed before the call. For tests and backups. */
  drained(): Promise<void>;
}

/** How long events are kept. */
export interface RetentionPolicy {
  /** Milliseconds that an event of this type is kept; infinite for ever. */
  keptMs(type: string): number;
  /** The shortest of all of them: nothing younger is looked at. */
  readonly shortestMs: number;
  /** Which of these events somebody still needs, by their ids; asked before each deletion. */
  needed(query: RetentionQuery): Promise<readonly string[]>;
  /** Told before these events are deleted. What it throws keeps them until the next pass. */
  letGo(query: RetentionQuery): Promise<void>;
}

/** Old events of one organization. */
export interface RetentionQuery {
  readonly organization: string;
  /** Ids; at most 200. */
  readonly events: readonly string[];
}

/** An event that its consumer could not handle. */
export interface ParkedEvent {
  readonly organization: string;
  readonly consumer: string;
  readonly seq: number;
  readonly event: string;
  readonly type: string;
  /** What the last failure said; for operators. */
  readonly error: string;
  readonly failures: number;
  /** Milliseconds since 1970, UTC. */
  readonly parkedAt: number;
}

/** Which parked events. */
export interface ParkedQuery {
  /** All when left out. */
  readonly organization?: string;
  readonly consumer?: string;
  /** Id of one event. */
  readonly event?: string;
  /** Place to go on after. */
  readonly after?: Pick<ParkedEvent, "seq" | "consumer">;
  readonly limit: number;
}

/** How a redrive went. */
export interface Redriven {
  readonly handled: number;
  readonly failed: number;
}

/** Which events are counted. */
export interface EventCountQuery extends StatisticQuery {
  /** An exact type; all when left out. */
  readonly type?: string;
}

/** Which events a page holds. */
export interface LogQuery {
  readonly organization: string;
  /** Exact types, or prefixes with `*` (`invoice.*`); all when left out. */
  readonly types?: readonly string[];
  readonly subject?: string;
  readonly trace?: string;
  /** One of the event's channels. */
  readonly channel?: string;
  /** Not before this time, in milliseconds since 1970. */
  readonly since?: number;
  /** Before this time. */
  readonly until?: number;
  readonly after?: number;
  readonly before?: number;
  readonly order?: "oldest" | "newest";
  /** At most 1,000. */
  readonly limit: number;
}

/** Told when rows were changed by any process: caches drop what they hold. */
export interface ChangeFeed {
  /**
   * `stale()` is true when the feed has not been read for over a second: then cached "valid" must not be used. An `id`
   * of `*` means: drop everything of the kind, since the feed was out of reach for minutes.
   */
  watch(kind: string, drop: (id: string) => void): () => void;
  stale(): boolean;
}

/** Whether somebody may do something, with the reason. */
export interface AccessDecision {
  readonly allowed: boolean;
  readonly reason: string;
}

/** Identification and permission, the same for operations, gateway, sockets and automations. */
export interface Access {
  can(caller: Caller, permission: string, resource?: string): AccessDecision;
  /**
   * Finds out who sends these headers. Synchronous when everything needed is cached. Throws `access.*` problems, and
   * `access.restricted` for a caller with restrictions: nothing but an operation can keep to them.
   */
  identify(request: CredentialRequest): Caller | Promise<Caller>;
}

/** What an authenticator may look at. */
export interface CredentialRequest {
  /** Lower-case names; several lines of one header joined as node:http joins them. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly remoteAddress: string;
  /** What it asks for. Left out where there is no request: then whoever judges by it takes it for a change. */
  readonly method?: string | undefined;
  /** The request's target as it arrived; a credential is looked for in its query only where that is configured. */
  readonly url?: string;
}

/** One thing that a plugin added to a point. What takes a context is called with this one: its owner's. */
export interface Contributed<TContribution> {
  readonly plugin: string;
  readonly value: TContribution;
  readonly ctx: PluginContext;
}

/** All that a plugin is given. Time, chance, ids and outbound HTTP come from here, so that tests own them. */
export interface PluginContext<TSettings = unknown> {
  readonly plugin: string;
  /** The plugin's settings, validated, with defaults. */
  readonly settings: TSettings;
  readonly clock: Clock;
  readonly fillRandom: (bytes: Uint8Array) => void;
  readonly makeId: MakeId;
  readonly logger: Logger;
  readonly meter: Meter;
  readonly store: Store;
  readonly log: Log;
  readonly changes: ChangeFeed;
  readonly access: Access;
  readonly secrets: Secrets;
  /** Short-lived credentials for whoever is no caller of the server's own. */
  readonly tokens: Tokens;
  /** The guarded client, for every URL an organization can set. */
  readonly outbound: Outbound;
  /** Facts about the running server. */
  readonly server: ServerFacts;
  /** A new thread for work that no request started. */
  newOrigin(actor: string): Origin;
  /** What `provides` of another plugin returned; throws when that plugin is not listed in `needs`. */
  get<TFace>(capability: Capability<TFace>): TFace;
  /** What plugins added to a point, in the order of the plugins. */
  contributions<TContribution>(point: Point<TContribution>): readonly Contributed<TContribution>[];
}

/** Facts a plugin may need to know about the server it runs in. */
export interface ServerFacts {
  readonly version: string;
  readonly mode: "production" | "development" | "test";
  /** Where callers reach the server, without a trailing slash: `https://api.example.com`. */
  readonly publicUrl: () => string;
  /** Path prefix of Portico's own surface: empty, or `/_portico`. */
  readonly basePath: string;
  /** Host name that is Portico's own: its surface is there and nowhere else. Undefined when it shares every host. */
  readonly ownHost?: string | undefined;
  /** Templates of Portico's own paths, base path included: `/api/v1/keys/{id}`. */
  readonly ownPaths: () => readonly string[];
  /** The data folder; undefined when everything is in memory. */
  readonly dataFolder: string | undefined;
  /** Folder that relative paths in settings begin at: the configuration file's, else the working directory. */
  readonly configFolder: string;
}

/** Where Portico's own surface is reached, base path included and without a slash at its end. */
export function ownUrl(server: Pick<ServerFacts, "publicUrl" | "basePath" | "ownHost">): string {
  const shared = server.publicUrl();
  if (server.ownHost === undefined) return `${shared}${server.basePath}`;
  const url = new URL(shared);
  url.hostname = server.ownHost;
  return `${url.origin}${server.basePath}`;
}
