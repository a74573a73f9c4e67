import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One floor of the house: where its files lie and on which floors it may stand. */
export interface Floor {
  readonly name: string;
  readonly at: string | readonly string[];
  /** True where every folder below is a room of its own with a face. */
  readonly rooms?: boolean;
  readonly may: readonly string[];
}

/** `architecture.json`. */
export interface Plan {
  readonly package: string;
  readonly source: string;
  readonly floors: readonly Floor[];
  readonly doors: Readonly<Record<string, string>>;
  readonly pillarArrows: Readonly<Record<string, readonly string[]>>;
  readonly owners: Readonly<Record<string, readonly string[]>>;
  readonly baseMayUse: readonly string[];
  readonly forbiddenNames: readonly string[];
  readonly linesMax: number;
}

/** Where a file of the source tree lives. */
export interface Place {
  readonly floor: Floor;
  /** Folder of the room, `pillars/keys`; the file itself where the floor is single files. */
  readonly room: string;
}

export const root = join(import.meta.dirname, "../..");

export function readPlan(): Plan {
  return JSON.parse(readFileSync(join(root, "architecture.json"), "utf8")) as Plan;
}

/** The place of a path below the source folder, or undefined where the plan knows none. */
export function placeOf(plan: Plan, path: string): Place | undefined {
  for (const floor of plan.floors) {
    const prefix = [floor.at]
      .flat()
      .find((at) => (at.endsWith("/") ? path.startsWith(at) : path === at));
    if (prefix === undefined) continue;
    const rest = path.slice(prefix.length).split("/");
    const below = floor.rooms === true && rest.length > 1 ? (rest[0] ?? "") : "";
    return { floor, room: (prefix + below).replace(/\/$/, "") };
  }
  return undefined;
}
