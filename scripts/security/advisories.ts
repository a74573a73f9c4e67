import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "../run.ts";
import type { Finding } from "./exceptions.ts";
import type { Lock, Manifest } from "./lock.ts";

/** The lowest version of a package in which every advisory we know by name is fixed. */
export interface Minimum {
  readonly package: string;
  readonly version: string;
  readonly advisories: readonly string[];
}

/** How the registry answered. */
export interface Asked {
  readonly isAnswered: boolean;
  readonly findings: readonly Finding[];
}

interface AuditReport {
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string }>>;
}

/** Reads `security/minimum-versions.json`. */
export function readMinimums(): Minimum[] {
  const text = readFileSync(join(root, "security/minimum-versions.json"), "utf8");
  return JSON.parse(text) as Minimum[];
}

/** Asks the registry for advisories against everything in the lock file. */
export async function askRegistry(): Promise<Asked> {
  const { output } = await run(["npm", "audit", "--json", "--package-lock-only"]);
  return readAudit(output);
}

/** Reads what `npm audit --json` printed. Without a list of vulnerabilities nothing was checked. */
export function readAudit(output: string): Asked {
  let report: AuditReport;
  try {
    report = JSON.parse(
      output.slice(output.indexOf("\n{") + 1, output.lastIndexOf("}") + 1),
    ) as AuditReport;
  } catch {
    // npm told something in words: the call was refused or the network is away.
    return { isAnswered: false, findings: [] };
  }
  if (report.vulnerabilities === undefined) return { isAnswered: false, findings: [] };
  const grave = Object.entries(report.vulnerabilities).filter(([, { severity }]) =>
    ["high", "critical"].includes(severity),
  );
  const findings = grave.map(([name, { severity }]) => ({
    rule: "advisory",
    at: name,
    told: `${name} has an advisory of severity ${severity}; see npm audit`,
  }));
  return { isAnswered: true, findings };
}

/** Direct dependencies that are installed below the version in which a known advisory is fixed. */
export function belowMinimum(
  lock: Lock,
  manifests: Readonly<Record<string, Manifest>>,
  minimums: readonly Minimum[],
): Finding[] {
  const direct = new Set(
    Object.values(manifests).flatMap((manifest) => [
      ...Object.keys(manifest.dependencies ?? {}),
      ...Object.keys(manifest.devDependencies ?? {}),
      ...Object.keys(manifest.optionalDependencies ?? {}),
    ]),
  );
  return minimums.flatMap((minimum) => {
    const name = minimum.package;
    if (!direct.has(name)) {
      const told = `${name} is no direct dependency; take it out of minimum-versions.json`;
      return [{ rule: "minimum", at: name, told }];
    }
    const version = lock.packages[`node_modules/${name}`]?.version ?? "0.0.0";
    if (!isBelow(version, minimum.version)) return [];
    const told = `${name} ${version} is older than ${minimum.version} (${minimum.advisories.join(", ")})`;
    return [{ rule: "minimum", at: name, told }];
  });
}

/** True when `version` comes before `least`; a pre-release comes before its release. */
export function isBelow(version: string, least: string): boolean {
  const numbers = (text: string): number[] => (text.split("-")[0] ?? "").split(".").map(Number);
  const [left, right] = [numbers(version), numbers(least)];
  for (let index = 0; index < 3; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return version.includes("-") && !least.includes("-");
}
