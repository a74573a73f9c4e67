import { isAbsolute } from "node:path";
import { Type } from "typebox";
import type { Static, TSchema } from "typebox";
import { Value } from "typebox/value";
import { systemClock } from "../base/index.ts";
import type { CliOutput, Report } from "../kernel/contract/index.ts";
import type { ControlCommands, ControlStreams } from "../kernel/data/index.ts";
import { backupDatabase } from "../kernel/store/index.ts";
import type { Server } from "../platform.ts";
import { repair, runChecks } from "./checks.ts";
import { raise } from "./errors.ts";
import type { PlatformDoor } from "./platform-door.ts";

/** What a task runs in. */
export interface TaskContext {
  readonly server: Server;
  readonly platform: PlatformDoor;
}

/** What a task does its work with. */
interface Working extends TaskContext {
  readonly report: Report;
}

/** Work that is done inside a server: in the running one, or in one assembled for it. Plain JSON in and out. */
export type Task = (context: Working, input: unknown) => Promise<unknown>;

const VerbCall = Type.Object({
  noun: Type.String(),
  verb: Type.String(),
  input: Type.Object({
    arguments: Type.Record(Type.String(), Type.String()),
    options: Type.Record(
      Type.String(),
      Type.Union([Type.String(), Type.Boolean(), Type.Array(Type.String())]),
    ),
  }),
});
const BackupCall = Type.Object({ file: Type.String({ minLength: 1 }) });
const AuditCall = Type.Object({
  checkpoint: Type.Optional(Type.Object({ seq: Type.Integer(), hash: Type.String() })),
});
const RepairCall = Type.Object({ id: Type.String() });

/** A contributed command with what was typed. */
export type VerbCall = Static<typeof VerbCall>;

function usage(what: string, help = "portico --help"): Error {
  return raise("cli.usage", { params: { what, help } });
}

function parsed<TShape extends TSchema>(schema: TShape, input: unknown): Static<TShape> {
  if (!Value.Check(schema, input)) throw usage("The call has an unknown form.");
  return input;
}

/** Runs a command that a plugin contributed, with that plugin's context. */
export async function runVerb(
  server: Server,
  call: VerbCall,
  report: Report = () => undefined,
): Promise<CliOutput> {
  const { verb, ctx } = foundVerb(server, call);
  return await verb.run(ctx, call.input, report);
}

function foundVerb(server: Server, { noun, verb: word }: VerbCall) {
  const found = server.cliVerbs().find(({ verb }) => verb.noun === noun && verb.verb === word);
  if (found === undefined) throw usage(`There is no command '${`${noun} ${word}`.trim()}'.`);
  return found;
}

/** Commands that go on giving, as streams of a control socket. */
export function controlStreams({ server }: TaskContext): ControlStreams {
  return {
    "verb.follow": async function* (input, signal) {
      const call = parsed(VerbCall, input);
      const { verb, ctx } = foundVerb(server, call);
      if (verb.follow === undefined) throw usage(`'${call.noun}' has nothing to follow.`);
      yield* verb.follow(ctx, call.input, signal);
    },
  };
}

async function createBackup(
  { server, platform, report }: Working,
  input: unknown,
): Promise<unknown> {
  const { file } = parsed(BackupCall, input);
  if (!isAbsolute(file))
    throw usage("The path of a backup must be absolute.", "portico backup create --help");
  const { driver } = server.spine.hub;
  if (driver.dialect !== "sqlite") {
    throw raise("cli.postgresOnly", { params: { command: "backup create" } });
  }
  const { version } = platform;
  return backupDatabase({ driver, file, version, clock: systemClock, report });
}

/** Every task by the name it has on the control socket. */
export const tasks = {
  "server.checks": ({ server, platform }) => runChecks(server, platform.plugins),
  "server.repair": ({ server }, input) => {
    const { id } = parsed(RepairCall, input);
    return Promise.resolve({ id, isRepaired: repair(server, id) });
  },
  "verb.run": ({ server, report }, input) => runVerb(server, parsed(VerbCall, input), report),
  "backup.create": createBackup,
  "audit.verify": ({ server }, input) =>
    server.spine.auditor.verify(parsed(AuditCall, input).checkpoint),
} as const satisfies Readonly<Record<string, Task>>;

/** A task's name. */
export type TaskName = keyof typeof tasks;

/** The tasks as commands of a control socket. */
export function controlCommands(context: TaskContext): ControlCommands {
  return Object.fromEntries(
    Object.entries<Task>(tasks).map(([name, task]) => [
      name,
      (input, report) => task({ ...context, report }, input),
    ]),
  );
}
