import { CommanderError } from "commander";
import type { Command } from "commander";
import { VERSION } from "../version.ts";
import { addCommands } from "./commands/add.ts";
import { raise } from "./errors.ts";
import { EXIT } from "./exit.ts";
import { createActions, createProgram, globalsOf } from "./program.ts";
import type { Actions } from "./program.ts";
import { fail } from "./terminal.ts";

const HELP = new Set(["commander.helpDisplayed", "commander.version", "commander.help"]);

/** Every command with its parents' flags; `exitOverride` does not reach what was added later. */
function overrideExit(command: Command): void {
  for (const one of command.commands) {
    one.exitOverride();
    one.copyInheritedSettings(command);
    overrideExit(one);
  }
}

/** The noun or verb that was typed first, past all flags. */
function firstWord(program: Command, argv: readonly string[]): string | undefined {
  return program.parseOptions([...argv]).operands[0];
}

/** Commands of plugins are wanted when the noun is none of ours, and in the list of all commands. */
function wantsVerbs(program: Command, first: string | undefined): boolean {
  return first === undefined || !program.commands.some((command) => command.name() === first);
}

async function loadVerbs(actions: Actions): Promise<void> {
  const [
    { addVerbs, followContributed, runContributed, verbsOf },
    { readConfiguration },
    platform,
  ] = await Promise.all([
    import("./commands/verbs.ts"),
    import("./configuration.ts"),
    actions.platform(),
  ]);
  const { plugins } = platform;
  const quiet = { ...actions.globals(), quiet: true };
  const { config } = await readConfiguration(quiet, { mode: "production", plugins });
  addVerbs(actions.program, verbsOf([...plugins, ...config.plugins]), (call) =>
    call.verb.follow === undefined
      ? actions.show(runContributed(platform, actions.globals(), call))
      : followContributed(platform, actions.globals(), call),
  );
}

function usageOf(error: CommanderError, program: Command, argv: readonly string[]): Error {
  const text = error.message
    .replace(/^error: /, "")
    .split("\n")
    .join(" ");
  const first = firstWord(program, argv);
  const command = program.commands.find((one) => one.name() === first)?.name();
  const help = command === undefined ? "portico --help" : `portico ${command} --help`;
  const what = `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
  return raise("cli.usage", { params: { what, help } });
}

function endOf(error: unknown, program: Command, argv: readonly string[]): number {
  const globals = globalsOf(program);
  if (!(error instanceof CommanderError)) return fail(error, globals);
  if (!HELP.has(error.code)) return fail(usageOf(error, program, argv), globals);
  if (error.code !== "commander.help") return EXIT.ok;
  // Nothing typed, or a noun without its verb: help is the answer, but nothing was done.
  const noun = program.commands.find((command) => command.name() === firstWord(program, argv));
  process.stderr.write((noun ?? program).helpInformation());
  return EXIT.usage;
}

/** Runs one command line (without `node` and the script) and returns its exit code. Nothing is thrown. */
export async function run(argv: readonly string[]): Promise<number> {
  const program = createProgram(VERSION);
  const actions = createActions(program);
  addCommands(program, actions);
  try {
    const first = firstWord(program, argv);
    // Help is given whatever is wrong with the configuration; then without the plugins' commands.
    const verbs = wantsVerbs(program, first) ? loadVerbs(actions) : Promise.resolve();
    await (first === undefined ? verbs.catch(() => undefined) : verbs);
    overrideExit(program);
    await program.parseAsync([...argv], { from: "user" });
    return actions.outcome.code;
  } catch (error) {
    return endOf(error, program, argv);
  }
}
