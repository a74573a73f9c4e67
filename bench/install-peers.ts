import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../scripts/run.ts";

/** Where the peers' programs and their own manifest lie. */
export const PEERS_FOLDER = join(import.meta.dirname, "peers");

/**
 * Installs the peers into their folder when first asked for. Answers why they cannot be measured, or nothing when they can:
 * a benchmark without them is still one.
 */
export async function installPeers(mayInstall = true): Promise<string | undefined> {
  if (isInstalled()) return undefined;
  const command = ["npm", "ci", "--no-audit", "--no-fund", "--prefer-offline"];
  if (!mayInstall) return "they are not installed: run `npm ci` in bench/peers";
  const { code, output } = await run(command, { cwd: PEERS_FOLDER });
  return code === 0 ? undefined : `they cannot be installed:\n${output}`;
}

function isInstalled(): boolean {
  const manifest = JSON.parse(readFileSync(join(PEERS_FOLDER, "package.json"), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  return Object.keys(manifest.dependencies).every((name) =>
    existsSync(join(PEERS_FOLDER, "node_modules", name, "package.json")),
  );
}
