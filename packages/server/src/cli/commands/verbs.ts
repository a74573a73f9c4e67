import { resolve } from "node:path";
import type { Command } from "commander";
import { CliVerbs } from "../../kernel/contract/index.ts";
import type { AnyPlugin, CliInput, CliOutput, CliVerb } from "../../kernel/contract/index.ts";
import { readConfiguration } from "../configuration.ts";
import type { PlatformDoor } from "../platform-door.ts";
import { withProgress } from "../progress.ts";
import { followTask, runTask } from "../session.ts";
import { openSender } from "./sender.ts";
import { globalsOf } from "../program.ts";
import type { Globals, Output } from "../terminal.ts";

/** The commands that plugins contribute, as data. */
export function verbsOf(plugins: readonly AnyPlugin[]): readonly CliVerb[] {
  return plugins.flatMap((plugin) =>
    (plugin.contributes ?? [])
      .filter(({ point }) => point === CliVerbs.id)
      // The point's id names the type of what was added to it.
      .map(({ value }) => value as CliVerb),
  );
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function describe(command: Command, verb: CliVerb): void {
  for (const { name, description, isRequired = true } of verb.arguments ?? []) {
    command.argument(isRequired ? `<${name}>` : `[${name}]`, description);
  }
  for (const option of verb.options ?? []) {
    const { flag, description } = option;
    if (option.isRepeatable === true) command.option(flag, description, collect);
    else command.option(flag, description, option.default);
  }
}

function isOptionValue(value: unknown): value is string | boolean | readonly string[] {
  return typeof value === "string" || typeof value === "boolean" || Array.isArray(value);
}

function inputOf(verb: CliVerb, command: Command, cwd: string): CliInput {
  const given = (verb.arguments ?? []).flatMap(({ name, isFile = false }, index) => {
    const value = command.args[index];
    if (value === undefined) return [];
    return [[name, isFile && !/^https?:/i.test(value) ? resolve(cwd, value) : value] as const];
  });
  const options = Object.entries<unknown>(command.opts());
  return {
    arguments: Object.fromEntries(given),
    options: Object.fromEntries(
      options.flatMap(([name, value]) => (isOptionValue(value) ? [[name, value] as const] : [])),
    ),
  };
}

/** Runs one contributed command: in the running server, or in one assembled for the moment. */
export async function runContributed(
  platform: PlatformDoor,
  globals: Globals,
  call: { readonly verb: CliVerb; readonly input: CliInput },
): Promise<Output> {
  const { plugins } = platform;
  const { config } = await readConfiguration(globals, { mode: "production", plugins });
  const { noun, verb } = call.verb;
  const input = { noun, verb, input: call.input };
  // Both ends of the control socket are this file's version or one that answers the same form.
  return (await withProgress(globals, (report) =>
    runTask({ platform, config, report }, "verb.run", input),
  )) as CliOutput;
}

/** Prints what a contributed command goes on giving, until it or the server ends, or nobody reads any more. */
export async function followContributed(
  platform: PlatformDoor,
  globals: Globals,
  call: { readonly verb: CliVerb; readonly input: CliInput },
): Promise<void> {
  const { plugins } = platform;
  const { config } = await readConfiguration(globals, { mode: "production", plugins });
  const { noun, verb } = call.verb;
  const sender = openSender(globals, (again) =>
    runContributed(platform, { ...globals, quiet: true }, { verb: call.verb, input: again }),
  );
  try {
    for await (const output of followTask(config, { noun, verb, input: call.input })) {
      // Both ends of the control socket are this file's version or one that answers the same form.
      if (!(await sender.tell(output as CliOutput))) return;
    }
  } finally {
    await sender.close();
  }
}

/** What is done with a contributed command once it was typed. */
export type OnVerb = (call: { readonly verb: CliVerb; readonly input: CliInput }) => Promise<void>;

/** Adds every contributed command to the program, below its noun. */
export function addVerbs(program: Command, verbs: readonly CliVerb[], onVerb: OnVerb): void {
  for (const [noun, of] of Map.groupBy(verbs, ({ noun }) => noun)) {
    const known = program.commands.find((command) => command.name() === noun);
    const words = of.map(({ verb }) => verb).filter((word) => word !== "");
    const parent = known ?? program.command(noun).helpCommand(false).summary(words.join(", "));
    for (const verb of of) {
      const own = verb.verb === "" ? parent : parent.command(verb.verb);
      const command = own.summary(verb.summary).description(verb.summary);
      describe(command, verb);
      command.action(() => onVerb({ verb, input: inputOf(verb, command, globalsOf(program).cwd) }));
    }
  }
}
