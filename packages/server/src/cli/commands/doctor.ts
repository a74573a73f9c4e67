import { readConfiguration } from "../configuration.ts";
import { raise } from "../errors.ts";
import type { NamedCheck, PlatformDoor } from "../platform-door.ts";
import { runTask } from "../session.ts";
import type { SessionOptions } from "../session.ts";
import { ask, hint, print } from "../terminal.ts";
import type { Globals } from "../terminal.ts";

const MARKS = { ok: "ok  ", warn: "warn", fail: "FAIL" } as const;

function line({ id, status, detail, fix, isFixable }: NamedCheck): string {
  const offer = isFixable === true ? " (portico doctor --fix does it)" : "";
  const advice = fix === undefined || status === "ok" ? "" : `\n        fix: ${fix}${offer}`;
  return `  ${MARKS[status]}  ${id}: ${detail}${advice}`;
}

/** Checks of one plugin under its name: `database.reachable` belongs to `database`. */
function grouped(checks: readonly NamedCheck[]): string {
  const groups = Map.groupBy(checks, ({ id }) => id.split(".")[0] ?? id);
  return [...groups].map(([name, of]) => [name, ...of.map(line)].join("\n")).join("\n");
}

/** What `portico doctor` may be told. */
interface DoctorOptions {
  readonly strict?: boolean;
  readonly fix?: boolean;
}

/** Puts right what may be, each after a yes; true when something was. */
async function repairAll(
  checks: readonly NamedCheck[],
  globals: Globals,
  session: SessionOptions,
): Promise<boolean> {
  let isChanged = false;
  for (const { id, detail, fix = "", isFixable } of checks) {
    if (isFixable !== true) continue;
    const text = `${id}: ${detail}. Do '${fix}' (yes/no)?`;
    const answer = globals.yes
      ? "yes"
      : await ask({ text, fallback: "no", flag: "--yes" }, globals);
    if (answer !== "yes") continue;
    await runTask(session, "server.repair", { id });
    hint(`fixed ${id}`, globals);
    isChanged = true;
  }
  return isChanged;
}

async function checksOf(session: SessionOptions): Promise<readonly NamedCheck[]> {
  // Both ends of the control socket are this file's version or one that answers the same form.
  return (await runTask(session, "server.checks", {})) as readonly NamedCheck[];
}

/**
 * `portico doctor [--strict] [--fix]`: 0 when all is well, 1 when a check fails, 3 for warnings under `--strict`. What is
 * printed is how it stands after the fixes.
 */
export async function doctor(
  platform: PlatformDoor,
  globals: Globals,
  options: DoctorOptions,
): Promise<void> {
  const { plugins } = platform;
  const { config } = await readConfiguration(globals, { mode: "production", plugins });
  const session = { platform, config };
  const found = await checksOf(session);
  const isChanged = options.fix === true && (await repairAll(found, globals, session));
  const checks = isChanged ? await checksOf(session) : found;
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
