import { addCommands } from "../../packages/server/src/cli/commands/add.ts";
import { addVerbs, verbsOf } from "../../packages/server/src/cli/commands/verbs.ts";
import { createActions, createProgram } from "../../packages/server/src/cli/program.ts";
import { kernelErrors } from "../../packages/server/src/kernel/app/index.ts";
import { leavesOf } from "../../packages/server/src/kernel/config/leaves.ts";
import { wholeSchema } from "../../packages/server/src/kernel/config/resolve.ts";
import { builtIns } from "../../packages/server/src/platform.ts";

/** Text for a cell of a table. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function code(text: string): string {
  return `\`${cell(text)}\``;
}

/** The settings of a plugin that has none. */
function isEmptyObject(schema: object): boolean {
  return "properties" in schema && Object.keys(Object(schema.properties)).length === 0;
}

/** Every setting of the kernel and of the pillars. */
export function settingsTable(): string {
  const leaves = leavesOf(wholeSchema(builtIns())).filter(({ schema }) => !isEmptyObject(schema));
  const rows = leaves.map(({ path, schema, names }) => {
    const fallback = "default" in schema ? code(JSON.stringify(schema.default)) : "";
    const about = "description" in schema ? String(schema.description) : "";
    // Two spellings of one variable: the shorter one is enough here.
    const isShort = (name: string): boolean => {
      const shorter = name.replace("__", "_");
      return shorter === name || !names.includes(shorter);
    };
    const variables = names.filter(isShort).map((name) => code(name));
    return `| ${code(path.join("."))} | ${variables.join(" ")} | ${fallback} | ${cell(about)} |`;
  });
  return ["| setting | variable | default | |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

/** Every command of the program, those of the pillars among them. */
export function commandsTable(): string {
  const program = createProgram("");
  addCommands(program, createActions(program));
  addVerbs(program, verbsOf(builtIns()), () => Promise.resolve());
  const rows = leafCommands(program, []).map(({ words, command }) => {
    const names = command.registeredArguments.map((one) =>
      one.required ? `<${one.name()}>` : `[${one.name()}]`,
    );
    const flags = command.options.map((one) => `${code(one.flags)} ${cell(one.description)}`);
    const usage = [...words, ...names].join(" ");
    return `| ${code(usage)} | ${cell(command.description())} | ${flags.join("<br>")} |`;
  });
  const globals = program.options.map((one) => `| ${code(one.flags)} | ${cell(one.description)} |`);
  return [
    "| command | what it does | flags |",
    "| --- | --- | --- |",
    ...rows,
    "",
    "Flags of every command:",
    "",
    "| flag | |",
    "| --- | --- |",
    ...globals,
  ].join("\n");
}

type Command = ReturnType<typeof createProgram>;

interface Leaf {
  readonly words: readonly string[];
  readonly command: Command;
}

function leafCommands(command: Command, words: readonly string[]): readonly Leaf[] {
  const here = [...words, command.name()];
  if (command.commands.length === 0) return [{ words: here, command }];
  return command.commands.flatMap((one) => leafCommands(one, here));
}

/** Every error code that crosses the wire, by the room or pillar that owns it. */
export function errorsTable(): string {
  const tables = [...kernelErrors, ...builtIns()].map(({ errors }) => errors ?? {});
  const rows = tables
    .flatMap((table) => Object.entries(table))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { status, text }]) => `| ${code(name)} | ${status} | ${cell(text)} |`);
  return ["| code | status | text |", "| --- | --- | --- |", ...rows].join("\n");
}
