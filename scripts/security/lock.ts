import { globSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { root } from "../run.ts";
import type { Finding } from "./exceptions.ts";

/** What the lock file says of one package. */
export interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly inBundle?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly license?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The part of `package-lock.json` that is looked at: packages by folder. */
export interface Lock {
  readonly packages: Readonly<Record<string, Locked>>;
}

/** A manifest of the repository. */
export type Manifest = Pick<Locked, (typeof DEPENDENCIES)[number]> & { readonly name?: string };

const DEPENDENCIES = [
  "dependencies",
  "devDependencies",
  "optionalDependencies",
  "peerDependencies",
] as const;

/** Reads `package-lock.json`. */
export function readLock(): Lock {
  return JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Lock;
}

/** Reads every manifest of the repository, by folder; the root's is "". */
export function readManifests(): Record<string, Manifest> {
  const paths = globSync(["package.json", "{packages,examples}/*/package.json"], { cwd: root });
  return Object.fromEntries(
    paths.map((path) => {
      const folder = dirname(path).replaceAll("\\", "/");
      const text = readFileSync(join(root, path), "utf8");
      return [folder === "." ? "" : folder, JSON.parse(text) as Manifest];
    }),
  );
}

/** Name of the package that lies in a folder of the lock file. */
export function nameAt(folder: string): string {
  return folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
}

/** Everything in the lock file that would let something else in than was looked at. */
export function lookAtLock(lock: Lock, manifests: Readonly<Record<string, Manifest>>): Finding[] {
  const found: Finding[] = [];
  for (const [folder, locked] of Object.entries(lock.packages)) {
    const name = folder.includes("node_modules/") ? nameAt(folder) : undefined;
    if (name === undefined) {
      found.push(...outOfStep(folder, locked, manifests[folder]));
    } else if (locked.link === true) {
      if (!(posix.normalize(locked.resolved ?? "") in manifests)) {
        found.push({ rule: "lock.source", at: name, told: `${name} links outside the workspaces` });
      }
    } else {
      found.push(...unsafe(name, locked));
    }
  }
  const missing = Object.keys(manifests).filter((folder) => !(folder in lock.packages));
  const told = "is not in the lock file; run npm install";
  return [...found, ...missing.map((at) => ({ rule: "lock.step", at, told: `${at} ${told}` }))];
}

function unsafe(name: string, locked: Locked): Finding[] {
  const found: Finding[] = [];
  const add = (rule: string, told: string): void =>
    void found.push({ rule, at: name, told: `${name} ${told}` });
  // What a package carries inside itself is covered by its own hash.
  const isHashed = /^sha(512|384|256)-/.test(locked.integrity ?? "");
  if (locked.inBundle !== true && !isHashed) add("lock.integrity", "has no integrity hash");
  if (locked.resolved !== undefined) {
    const isForeign = !/^https:\/\/[^/]+\/.*\.tgz$/.test(locked.resolved);
    if (isForeign) add("lock.source", `comes from ${locked.resolved}`);
    else add("lock.registry", "names a registry host; npm takes the one that is configured");
  }
  if (locked.hasInstallScript === true) {
    add(
      "lock.script",
      `runs a script when it is installed${locked.dev === true ? "" : ", in production"}`,
    );
  }
  return found;
}

function outOfStep(folder: string, locked: Locked, manifest: Manifest | undefined): Finding[] {
  const at = folder === "" ? "the root" : folder;
  if (manifest === undefined) {
    return [{ rule: "lock.step", at, told: `${at} is in the lock file and not in the tree` }];
  }
  return DEPENDENCIES.filter(
    (field) => !isDeepStrictEqual({ ...locked[field] }, { ...manifest[field] }),
  ).map((field) => ({
    rule: "lock.step",
    at,
    told: `${field} of ${at} differ from the manifest; run npm install`,
  }));
}
