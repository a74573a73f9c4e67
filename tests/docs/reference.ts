import { addCommands } from "../../packages/server/src/cli/commands/add.ts";
import { addVerbs, verbsOf } from "../../packages/server/src/cli/commands/verbs.ts";
import { createActions, createProgram } from "../../packages/server/src/cli/program.ts";
import { kernelErrors } from "../../packages/server/src/kernel/app/index.ts";
import { leavesOf } from "../../packages/server/src/kernel/config/leaves.ts";
import { wholeSchema } from "../../packages/server/src/kernel/config/resolve.ts";
import { builtInRoles } from "../../packages/server/src/pillars/identity/organizations/built-in-roles.ts";
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
    const live = "reload" in schema && schema.reload === true ? " Changes at once." : "";
    const about = `${"description" in schema ? String(schema.description) : ""}${live}`.trim();
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

/** Members of the settings that are lists of objects: what stands in a configuration file only. */
export function membersTable(): string {
  const rows = leavesOf(wholeSchema(builtIns())).flatMap(({ path, schema }) =>
    membersOf(path.join("."), schema),
  );
  return ["| member | default | |", "| --- | --- | --- |", ...rows].join("\n");
}

/** The parts of a JSON schema that are read here. */
interface Shape {
  readonly items?: Shape;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
}

function membersOf(path: string, schema: Shape): readonly string[] {
  const { properties, required = [] } = schema.items ?? schema;
  if (properties === undefined) return [];
  const here = schema.items === undefined ? path : `${path}[]`;
  return Object.entries(properties).flatMap(([name, one]) => {
    const fallback = one.default === undefined ? "" : code(JSON.stringify(one.default));
    const state = required.includes(name) ? "required" : fallback;
    const row = `| ${code(`${here}.${name}`)} | ${state} | ${cell(one.description ?? "")} |`;
    return [row, ...membersOf(`${here}.${name}`, one)];
  });
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

/** The roles that every organization has, and what each may do. */
export function rolesTable(): string {
  const rows = Object.entries(builtInRoles).map(([name, { label, description, permissions }]) => {
    const called = label === undefined ? code(name) : `${code(name)}, also called ${code(label)}`;
    const may = permissions.map(code).join(" ");
    return `| ${called} | ${may === "" ? "nothing" : may} | ${cell(description)} |`;
  });
  return ["| role | may | |", "| --- | --- | --- |", ...rows].join("\n");
}
