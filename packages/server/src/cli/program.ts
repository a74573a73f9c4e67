import { resolve } from "node:path";
import { Command, Option } from "commander";
import type { Output } from "./terminal.ts";
import type { Globals } from "./terminal.ts";
import { print } from "./terminal.ts";
import type { PlatformDoor } from "./platform-door.ts";

/** What a parsed command line leads to: the exit code. */
export interface Outcome {
  code: number;
}

/** What every command's action is given. */
export interface Actions {
  readonly program: Command;
  readonly outcome: Outcome;
  readonly globals: () => Globals;
  /** Loads pillars and drivers: only commands that need them pay for it. */
  readonly platform: () => Promise<PlatformDoor>;
  /** Prints what a command gives. */
  readonly show: (work: Promise<Output> | Output) => Promise<void>;
}

const EXIT_HELP = `
Exit codes: 0 ok · 1 failed · 2 usage · 3 warnings (doctor --strict) · 69 not reachable · 70 defect
            75 in use, try again · 77 not authorised · 78 bad configuration · 130 SIGINT · 143 SIGTERM
Data goes to stdout, everything else to stderr; --json is a stable contract.`;

/** The program with its global flags and no commands yet. */
export function createProgram(version: string): Command {
  return new Command("portico")
    .description("A complete API and integration layer in front of any application, in one server.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand(false)
    .option("--json", "print data as JSON, and errors as problem documents")
    .option("-q, --quiet", "no hints and warnings")
    .option("-v, --verbose", "tell more, stacks of errors among it")
    .option("--no-input", "never ask; a question fails and names the flag to pass")
    .option("-y, --yes", "answer every question with its default, confirm")
    .addOption(new Option("--config <file>", "the configuration, instead of portico.config.ts"))
    .addOption(new Option("--cwd <folder>", "work as if started there").default("."))
    .addHelpText(
      "before",
      "Examples: portico dev --upstream http://127.0.0.1:3000\n          portico keys create --root\n",
    )
    .addHelpText("after", EXIT_HELP)
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, outputError: () => undefined });
}

/** The global flags as typed, wherever they stood. */
export function globalsOf(program: Command): Globals {
  const flags = program.opts<Record<string, string | boolean | undefined>>();
  const config = flags["config"];
  return {
    json: flags["json"] === true,
    quiet: flags["quiet"] === true,
    verbose: flags["verbose"] === true,
    input: flags["input"] !== false,
    yes: flags["yes"] === true,
    config: typeof config === "string" ? config : undefined,
    cwd: resolve(String(flags["cwd"])),
  };
}

/** Ties a program to what its commands need. */
export function createActions(program: Command): Actions {
  const outcome: Outcome = { code: 0 };
  const globals = (): Globals => globalsOf(program);
  return {
    program,
    outcome,
    globals,
    platform: async () => (await import("./platform.ts")).platform,
    show: async (work) => print(await work, globals()),
  };
}
