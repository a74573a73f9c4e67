import { posix } from "node:path";
import { placeOf } from "./plan.ts";
import type { Place, Plan } from "./plan.ts";
import type { Import, SourceFile } from "./source.ts";

/** What an import turns out to point at. */
type Target =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "door"; readonly path: string; readonly name: string }
  | { readonly kind: "library"; readonly name: string };

/** Resolves an import of one file to a file of ours, a door of the package, or a library. */
export function targetOf(plan: Plan, file: SourceFile, taken: Import): Target {
  const { specifier } = taken;
  if (specifier.startsWith(".")) {
    return { kind: "file", path: posix.join(posix.dirname(file.path), specifier) };
  }
  const door = plan.doors[specifier];
  if (door !== undefined) return { kind: "door", path: door, name: specifier };
  const parts = specifier.split("/");
  const name = specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? specifier);
  return { kind: "library", name };
}

/** Every import that goes against the plan, as `path:line: what is wrong`. */
export function wrongArrows(plan: Plan, files: readonly SourceFile[]): string[] {
  const known = new Set(files.map(({ path }) => path));
  return files.flatMap((file) => {
    const place = placeOf(plan, file.path);
    if (place === undefined) return [`${file.path}: lies on no floor of architecture.json`];
    return file.imports.flatMap((taken) => {
      const wrong = judge({ plan, file, place, known }, targetOf(plan, file, taken));
      return wrong === undefined
        ? []
        : [`${file.path}:${taken.line}: '${taken.specifier}' ${wrong}`];
    });
  });
}

interface Situation {
  readonly plan: Plan;
  readonly file: SourceFile;
  readonly place: Place;
  readonly known: ReadonlySet<string>;
}

function judge(situation: Situation, target: Target): string | undefined {
  switch (target.kind) {
    case "library":
      return judgeLibrary(situation, target.name);
    case "door":
      return judgeDoor(situation, target.name);
    case "file":
      return judgeFile(situation, target.path);
    default:
      return target satisfies never;
  }
}

function judgeLibrary({ plan, file, place }: Situation, name: string): string | undefined {
  if (file.isTest) return undefined;
  const { name: floor } = place.floor;
  if (floor === "base" && !plan.baseMayUse.includes(name)) {
    return "is not for base, which has no dependencies and does no I/O";
  }
  if (floor === "pillars" && name === "portico") {
    return "is no door of the package that a stranger could use";
  }
  const owners = plan.owners[name];
  const isOwner = owners?.some((owner) => place.room === owner || floor === owner) ?? true;
  return isOwner ? undefined : `is used by ${owners?.join(", ")} alone`;
}

function judgeDoor({ file, place }: Situation, name: string): string | undefined {
  if (place.floor.name !== "pillars") return "is for pillars and strangers; use the relative face";
  if (name === "portico/kernel") return undefined;
  if (name === "portico/testing" && file.isTest) return undefined;
  return "may not be imported by a pillar; only portico/kernel, and portico/testing in tests";
}

function judgeFile({ plan, file, place, known }: Situation, path: string): string | undefined {
  if (!known.has(path)) return path.endsWith(".ts") ? "leads nowhere" : undefined;
  const other = placeOf(plan, path);
  if (other === undefined) return "lies on no floor of architecture.json";
  if (other.room === place.room) return judgeOwnRoom(file, path);
  if (place.floor.name === "pillars")
    return judgePillar({ plan, file, place, known }, path, other.room);
  if (file.isTest) return undefined;
  const sameFloor = other.floor === place.floor;
  if (sameFloor && place.floor.name === "drivers") return "leads from one driver into another";
  if (!sameFloor && !place.floor.may.includes(other.floor.name)) {
    return `leads from ${place.floor.name} to ${other.floor.name}, which is no arrow of the plan`;
  }
  return isFace(path, other)
    ? undefined
    : `goes past the face of ${other.room}; import its index.ts`;
}

function judgeOwnRoom(file: SourceFile, path: string): string | undefined {
  if (file.isTest || posix.basename(path) !== "index.ts") return undefined;
  const own = posix.dirname(path);
  return file.path.startsWith(`${own}/`)
    ? "is the file's own face; import the file itself"
    : undefined;
}

function judgePillar(
  { plan, file, place }: Situation,
  path: string,
  to: string,
): string | undefined {
  const declared = plan.pillarArrows[posix.basename(place.room)] ?? [];
  const isDeclared = to.startsWith("pillars/") && declared.includes(posix.basename(to));
  if (!isDeclared) return "leaves the pillar; import portico/kernel, the line a stranger writes";
  if (file.isTest && path === `${to}/index.ts`) return undefined;
  return "leaves the pillar; reach a declared neighbour by its capability (its face in tests)";
}

function isFace(path: string, place: Place): boolean {
  return path === `${place.room}/index.ts` || path === place.room || place.room === "kernel";
}
