import type { Reporter, TestModule } from "vitest/node";

const KIND = / \[(sqlite|memory|postgres)\] > /;

/** Prints how many cases ran on each database; fails the run when SQLite and PostgreSQL differ. */
export class StoreCounts implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = new Map([
      ["sqlite", 0],
      ["memory", 0],
      ["postgres", 0],
    ]);
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const kind = KIND.exec(test.fullName)?.[1];
        if (kind === undefined || test.result().state === "skipped") continue;
        counts.set(kind, (counts.get(kind) ?? 0) + 1);
      }
    }
    if (Math.max(...counts.values()) === 0) return;
    const parts = [...counts].map(([kind, count]) => `${kind} ${count}`);
    process.stdout.write(`\nStore cases: ${parts.join(", ")}\n`);
    if (counts.get("sqlite") === counts.get("postgres")) return;
    process.stdout.write("The databases did not run the same cases.\n");
    process.exitCode = 1;
  }
}
