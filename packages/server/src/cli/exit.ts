import { isProblem } from "../base/index.ts";
import type { Problem } from "../base/index.ts";

/** Every exit code of the command line; a stable contract. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  warned: 3,
  unreachable: 69,
  crashed: 70,
  busy: 75,
  refused: 77,
  badConfig: 78,
  interrupted: 130,
  terminated: 143,
} as const;

/** What a problem ends the process with, where 1 is not enough to act on. */
export const EXIT_BY_CODE: Readonly<Record<string, number>> = {
  "cli.usage": EXIT.usage,
  "cli.needsInput": EXIT.usage,
  "cli.doctorWarned": EXIT.warned,
  "cli.unreachable": EXIT.unreachable,
  "cli.unexpected": EXIT.crashed,
  "cli.portTaken": EXIT.busy,
  "data.locked": EXIT.busy,
  "data.unusable": EXIT.badConfig,
  "data.notRunning": EXIT.unreachable,
  "store.unavailable": EXIT.unreachable,
  "store.outcomeUnknown": EXIT.unreachable,
  "store.migrationLock": EXIT.busy,
  "store.newerSchema": EXIT.badConfig,
  "store.unsafeDatabase": EXIT.badConfig,
  "config.invalid": EXIT.badConfig,
  "app.invalid": EXIT.badConfig,
  "secrets.keyringUnreadable": EXIT.badConfig,
  "secrets.keyringMissing": EXIT.badConfig,
  "secrets.keyringExposed": EXIT.badConfig,
  "secrets.unknownKey": EXIT.badConfig,
  "secrets.wrongKeyring": EXIT.badConfig,
  "gateway.badConfig": EXIT.badConfig,
};

/**
 * The exit code of a problem: from the table, else 77 for refusals of access and 1 for everything else. A plugin that
 * failed to start ends with the code of what it failed for.
 */
export function exitCodeOf(problem: Pick<Problem, "code" | "status" | "cause">): number {
  const { code, status, cause } = problem;
  if (code === "app.startFailed" && isProblem(cause)) return exitCodeOf(cause);
  const listed = EXIT_BY_CODE[code];
  if (listed !== undefined) return listed;
  return status === 401 || status === 403 ? EXIT.refused : EXIT.failed;
}
