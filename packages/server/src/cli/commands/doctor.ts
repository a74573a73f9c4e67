import { readConfiguration } from "../configuration.ts";
import { raise } from "../errors.ts";
import type { NamedCheck, PlatformDoor } from "../platform-door.ts";
import { runTask } from "../session.ts";
import { print } from "../terminal.ts";
import type { Globals } from "../terminal.ts";

const MARKS = { ok: "ok  ", warn: "warn", fail: "FAIL" } as const;

function line({ id, status, detail, fix }: NamedCheck): string {
  const advice = fix === undefined || status === "ok" ? "" : `\n        fix: ${fix}`;
  return `  ${MARKS[status]}  ${id}: ${detail}${advice}`;
}

/** Checks of one plugin under its name: `database.reachable` belongs to `database`. */
function grouped(checks: readonly NamedCheck[]): string {
  const groups = Map.groupBy(checks, ({ id }) => id.split(".")[0] ?? id);
  return [...groups].map(([name, of]) => [name, ...of.map(line)].join("\n")).join("\n");
}

/** `portico doctor [--strict]`: 0 when all is well, 1 when a check fails, 3 for warnings under `--strict`. */
export async function doctor(
  platform: PlatformDoor,
  globals: Globals,
  options: { readonly strict?: boolean },
): Promise<void> {
  const { plugins } = platform;
  const { config } = await readConfiguration(globals, { mode: "production", plugins });
  // Both ends of the control socket are this file's version or one that answers the same form.
  const checks = (await runTask(
    { platform, config },
    "server.checks",
    {},
  )) as readonly NamedCheck[];
  const count = (status: NamedCheck["status"]): number =>
    checks.filter((one) => one.status === status).length;
  const [failed, warned] = [count("fail"), count("warn")];
  const text = `${grouped(checks)}\n\n${count("ok")} ok, ${warned} warnings, ${failed} failed`;
  print({ data: { checks, ok: count("ok"), warned, failed }, text }, globals);
  if (failed > 0) throw raise("cli.doctorFailed", { params: { count: failed } });
  if (warned > 0 && options.strict === true) {
    throw raise("cli.doctorWarned", { params: { count: warned } });
  }
}
