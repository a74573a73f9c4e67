#!/usr/bin/env node
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import * as module from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MAJOR = 26;

/** The `node` that npm has put beside the package, or beside the project in the working folder. */
function ownNode(): string | undefined {
  const name = process.platform === "win32" ? "node.cmd" : "node";
  for (const start of [dirname(fileURLToPath(import.meta.url)), process.cwd()]) {
    for (let folder = start; ; folder = dirname(folder)) {
      const candidate = join(folder, "node_modules", ".bin", name);
      if (existsSync(candidate)) return candidate;
      if (folder === dirname(folder)) break;
    }
  }
  return undefined;
}

/** Under an older Node: goes on in the one that was installed along, once, or tells what to do. */
function runElsewhere(): number {
  const node = process.env["PORTICO_NODE_SEARCHED"] === undefined ? ownNode() : undefined;
  if (node === undefined) {
    process.stderr.write(
      `error: Portico needs Node ${NODE_MAJOR} or newer, and this is Node ${process.versions.node}.\n` +
        `  fix:  npm install node@${NODE_MAJOR} (then npx portico), or https://nodejs.org\n  code: cli.node\n`,
    );
    return 78;
  }
  const env = { ...process.env, PORTICO_NODE_SEARCHED: "1" };
  const script = fileURLToPath(import.meta.url);
  const child = spawnSync(node, [script, ...process.argv.slice(2)], { stdio: "inherit", env });
  return child.status ?? 70;
}

if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR) {
  process.exitCode = runElsewhere();
} else {
  // Compiled code (and stripped source) of the last start: without it a start takes half as long again.
  module.enableCompileCache();
  // Not a plain import: what follows may not even parse under an older Node.
  const { run } = await import("./run.ts");
  const code = await run(process.argv.slice(2));
  // Not `exitCode` alone: after a failure, a thread or a socket that is still open must not keep the process.
  process.stdout.write("", () => process.exit(code));
}
