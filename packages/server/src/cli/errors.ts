import { problem, raiser } from "../base/index.ts";

/** Errors of the command line itself. */
const cliErrors = {
  "cli.usage": problem(400, "{what} Run: {help}"),
  "cli.wouldOverwrite": problem(
    409,
    "{files} already there. Pass --force to overwrite, or choose another folder with --cwd.",
  ),
  "cli.needsInput": problem(
    400,
    "The question '{question}' cannot be asked here: there is no terminal, or --no-input is set. Pass {flag}.",
  ),
  "cli.portTaken": problem(
    503,
    "Port {port} is in use. Stop what listens there, or choose another port with --port.",
  ),
  "cli.unreachable": problem(
    503,
    "{what} cannot be reached: {why}. Start it, or correct where the configuration says it is.",
  ),
  "cli.doctorFailed": problem(500, "{count} checks failed. The fix of each is printed with it."),
  "cli.doctorWarned": problem(500, "{count} checks gave a warning, and --strict is set."),
  "cli.auditBroken": problem(
    500,
    "The audit was altered at entry {seq} ({id}): {reason}. Compare it with a backup.",
  ),
  "cli.memoryOnly": problem(
    400,
    "'{command}' works on a data folder, and this configuration keeps everything in memory. Set data to a folder.",
  ),
  "cli.postgresOnly": problem(
    400,
    "'{command}' works on SQLite. On PostgreSQL use its own tools: pg_dump --format=custom, pg_restore.",
  ),
  "cli.unexpected": problem(500, "{what} This is a defect of Portico; please report it."),
} as const;

export const raise = raiser(cliErrors);
