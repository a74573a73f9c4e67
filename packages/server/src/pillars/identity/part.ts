import type { TProperties } from "typebox";
import type {
  AnyPlugin,
  Contribution,
  EventTypeDefinition,
  JobDefinition,
  Migration,
  Operation,
  PluginContext,
  Provided,
  TableScope,
} from "portico/kernel";

type Declared = Required<AnyPlugin>;

/** One room of the pillar: what it declares, and how it starts. */
export interface Part {
  readonly settings: TProperties;
  readonly permissions: Declared["permissions"];
  readonly errors: Declared["errors"];
  readonly events: Readonly<Record<string, EventTypeDefinition>>;
  readonly tables: Readonly<Record<string, TableScope>>;
  /** Their numbers do not meet those of other rooms: each has its hundred. */
  readonly migrations: readonly Migration[];
  readonly operations: readonly Operation[];
  readonly jobs: Readonly<Record<string, JobDefinition>>;
  readonly schedules: Declared["schedules"];
  readonly contributes: readonly Contribution[];
  readonly reactions?: Declared["reactions"];
  readonly points?: Declared["points"];
  /** Capabilities for its own operations, beside the pillar's one face. */
  readonly provides?: Declared["provides"];
}

/** A room that has started. */
export interface StartedPart<TFace> {
  readonly face: TFace;
  readonly provides?: readonly Provided[];
  stop?(): Promise<void>;
}

/** Starts a room, given the pillar's context. */
export type StartPart<TFace, TGiven extends readonly unknown[] = []> = (
  ctx: PluginContext,
  ...given: TGiven
) => Promise<StartedPart<TFace>>;
