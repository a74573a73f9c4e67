import { Buffer } from "node:buffer";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../run.ts";
import { nameAt, readLock } from "./lock.ts";
import type { Lock, Locked } from "./lock.ts";

/** Where the bill of materials lies, below the repository's folder. */
export const SBOM_PATH = "dist/sbom.cdx.json";

/** Copied into the package as one file, so it ships although nothing depends on it. */
const CARRIED = ["@scalar/api-reference", "swagger-ui-dist"];

interface Component {
  readonly type: "library";
  readonly "bom-ref": string;
  readonly name: string;
  readonly group?: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses?: readonly object[];
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
}

/** The part of CycloneDX 1.6 that is written. */
export interface Sbom {
  readonly bomFormat: "CycloneDX";
  readonly specVersion: "1.6";
  readonly version: 1;
  readonly metadata: {
    readonly component: Omit<Component, "type"> & { readonly type: "application" };
  };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** Lists what the published package brings along, from the lock file alone: no network, the same bytes every time. */
export function billOf(lock: Lock, workspace: string): Sbom {
  const own = lock.packages[workspace] ?? {};
  const name = readName(workspace);
  const ref = purlOf(name, own.version ?? "0.0.0");
  const folders = shipped(lock, workspace);
  const edges = folders.map((folder) => ({
    ref: refAt(lock, folder),
    dependsOn: needs(lock, folder).map((to) => refAt(lock, to)),
  }));
  const direct = [...needs(lock, workspace), ...carried(lock)].map((to) => refAt(lock, to));
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "application",
        "bom-ref": ref,
        name,
        version: own.version ?? "0.0.0",
        purl: ref,
      },
    },
    components: unique(folders.map((folder) => componentAt(lock, folder))),
    dependencies: merge([{ ref, dependsOn: direct }, ...edges]),
  };
}

/** What is wrong with a bill; nothing when a reader of CycloneDX can follow it. */
export function faultsOf(bill: Sbom): string[] {
  const refs = bill.components.map((one) => one["bom-ref"]);
  const known = new Set([...refs, bill.metadata.component["bom-ref"]]);
  const loose = bill.dependencies
    .flatMap(({ ref, dependsOn }) => [ref, ...dependsOn])
    .filter((ref) => !known.has(ref));
  const bare = bill.components.filter(({ hashes }) => hashes === undefined);
  return [
    ...(refs.length === 0 ? ["the bill is empty"] : []),
    ...(new Set(refs).size === refs.length ? [] : ["a component is listed twice"]),
    ...loose.map((ref) => `${ref} is depended on and not listed`),
    ...bare.map(({ purl }) => `${purl} has no hash`),
  ];
}

/** Writes `dist/sbom.cdx.json` for the package and returns it. */
export function writeSbom(): Sbom {
  const bill = billOf(readLock(), "packages/server");
  const path = join(root, SBOM_PATH);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(bill, null, 2)}\n`);
  return bill;
}

function readName(workspace: string): string {
  const text = readFileSync(join(root, workspace, "package.json"), "utf8");
  return (JSON.parse(text) as { readonly name: string }).name;
}

function carried(lock: Lock): string[] {
  return CARRIED.map((name) => `node_modules/${name}`).filter((folder) => folder in lock.packages);
}

function shipped(lock: Lock, workspace: string): string[] {
  const seen = new Set(carried(lock));
  const open = needs(lock, workspace);
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    if (seen.has(folder)) continue;
    seen.add(folder);
    open.push(...needs(lock, folder));
  }
  return [...seen].toSorted();
}

/** Folders of what a package needs, found as Node finds them: the nearest `node_modules` upwards. */
function needs(lock: Lock, folder: string): string[] {
  // A carried file was built already: what its package needs is inside it.
  if (carried(lock).includes(folder)) return [];
  const { dependencies = {}, optionalDependencies = {} } = lock.packages[folder] ?? {};
  return Object.keys({ ...dependencies, ...optionalDependencies }).flatMap((name) => {
    for (let at = folder; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/")))) {
      const candidate = at === "" ? `node_modules/${name}` : `${at}/node_modules/${name}`;
      if (candidate in lock.packages) return [candidate];
      if (at === "" || !at.includes("/")) {
        return `node_modules/${name}` in lock.packages ? [`node_modules/${name}`] : [];
      }
    }
  });
}

function purlOf(name: string, version: string): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

function refAt(lock: Lock, folder: string): string {
  return purlOf(nameAt(folder), lock.packages[folder]?.version ?? "0.0.0");
}

function componentAt(lock: Lock, folder: string): Component {
  const locked: Locked = lock.packages[folder] ?? {};
  const parts = nameAt(folder).split("/");
  const [algorithm, digest] = (locked.integrity ?? "").split("-");
  const { license } = locked;
  const isExpression = / (OR|AND|WITH) /.test(license ?? "");
  return {
    type: "library",
    "bom-ref": refAt(lock, folder),
    ...(parts.length === 2 ? { group: parts[0] ?? "" } : {}),
    name: parts.at(-1) ?? "",
    version: locked.version ?? "0.0.0",
    purl: refAt(lock, folder),
    ...(license === undefined
      ? {}
      : { licenses: [isExpression ? { expression: license } : { license: { id: license } }] }),
    ...(digest === undefined || algorithm === undefined
      ? {}
      : {
          hashes: [
            {
              alg: algorithm.replace("sha", "SHA-"),
              content: Buffer.from(digest, "base64").toString("hex"),
            },
          ],
        }),
  };
}

function unique(components: readonly Component[]): Component[] {
  return [...new Map(components.map((one) => [one.purl, one])).values()];
}

function merge(edges: Sbom["dependencies"]): Sbom["dependencies"] {
  const merged = new Map<string, Set<string>>();
  for (const { ref, dependsOn } of edges) {
    const to = merged.get(ref) ?? new Set<string>();
    for (const one of dependsOn) to.add(one);
    merged.set(ref, to);
  }
  return [...merged].map(([ref, to]) => ({ ref, dependsOn: [...to].toSorted() }));
}
