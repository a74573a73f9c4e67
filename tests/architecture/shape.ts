import { posix } from "node:path";
import { targetOf } from "./arrows.ts";
import type { Plan } from "./plan.ts";
import type { SourceFile } from "./source.ts";

/** A rule over all files; answers with what is wrong, nothing when all is well. */
export type Rule = (plan: Plan, files: readonly SourceFile[]) => string[];

const eachLine =
  (pick: (file: SourceFile) => readonly number[], wrong: string): Rule =>
  (_plan, files) =>
    files.flatMap((file) => pick(file).map((line) => `${file.path}:${line}: ${wrong}`));

/** Files and folders that would become a bag. */
export const bags: Rule = (plan, files) =>
  files.flatMap(({ path }) => {
    const words = path.replace(/(\.test|\.suite|\.fixture)?\.ts$/, "").split("/");
    const bag = words.find((word) => plan.forbiddenNames.includes(word));
    return bag === undefined ? [] : [`${path}: '${bag}' says nothing; name it by its content`];
  });

/** Names that are not plain lower-case words joined by `-`. */
export const oddNames: Rule = (_plan, files) =>
  files
    .filter(
      ({ path }) =>
        !/^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*(\.test|\.suite|\.fixture|\.config)?\.ts$/.test(
          path,
        ),
    )
    .map(({ path }) => `${path}: write names in kebab-case`);

/** A file that was split by number instead of by noun. */
export const numberedFiles: Rule = (_plan, files) =>
  files
    .filter(({ path }) => /-\d+(\.test|\.suite|\.fixture)?\.ts$/.test(path))
    .map(({ path }) => `${path}: split by noun, not by number`);

export const longFiles: Rule = (plan, files) =>
  files
    .filter(({ lines }) => lines > plan.linesMax)
    .map(({ path, lines }) => `${path}: ${lines} lines; the stop is ${plan.linesMax}`);

/** Errors come from tables; an impossible state is a TypeError or a RangeError that says so. Tests speak to developers. */
export const bareErrors: Rule = eachLine(
  (file) => (file.isTest || file.path.startsWith("kernel/testing/") ? [] : file.bareErrors),
  "a bare Error has no code; raise one from a table",
);

export const anys: Rule = eachLine(({ anys: lines }) => lines, "`any` switches the compiler off");

export const nonNulls: Rule = eachLine(
  ({ nonNulls: lines }) => lines,
  "`!` is a claim without a proof",
);

export const silenced: Rule = eachLine(
  ({ silenced: lines }) => lines,
  "a comment may not switch a check off; change the code, or the rule for all",
);

/** Faces hold no logic: what they declare themselves belongs into a file of the room. Pillars' faces hold the plugin. */
export const busyFaces: Rule = (_plan, files) =>
  files
    .filter(({ path }) => posix.basename(path) === "index.ts" && !path.startsWith("pillars/"))
    .flatMap((file) =>
      file.exports
        .filter(({ from }) => from === undefined)
        .map(
          ({ name, line }) =>
            `${file.path}:${line}: a face only passes on; '${name}' is declared here`,
        ),
    );

/** A star may stand only where one face passes another on. */
export const stars: Rule = (plan, files) =>
  files.flatMap((file) =>
    file.exports
      .filter(({ name, from }) => name === "*" && from !== undefined)
      .filter(({ from }) => posix.basename(from ?? "") !== "index.ts" || !isDoor(plan, file.path))
      .map(({ line }) => `${file.path}:${line}: name what is passed on`),
  );

function isDoor(plan: Plan, path: string): boolean {
  return Object.values(plan.doors).includes(path);
}

/** Everything a door lets out has a doc comment where it is declared. */
export const undocumented: Rule = (plan, files) => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const wrong = Object.values(plan.doors).flatMap((door) => {
    const file = byPath.get(door);
    return file === undefined ? [] : undocumentedOf({ plan, byPath }, file, "*");
  });
  return [...new Set(wrong)];
};

interface Tree {
  readonly plan: Plan;
  readonly byPath: ReadonlyMap<string, SourceFile>;
}

function undocumentedOf(tree: Tree, file: SourceFile, name: string): string[] {
  const matching = file.exports.filter(
    (one) => name === "*" || one.name === name || one.name === "*",
  );
  return matching.flatMap((one) => {
    if (one.from === undefined) {
      return one.isDocumented
        ? []
        : [`${file.path}:${one.line}: '${one.name}' leaves by a door and has no doc comment`];
    }
    const passedOn = { specifier: one.from, line: one.line, names: [] };
    const target = targetOf(tree.plan, file, passedOn);
    const next = target.kind === "library" ? undefined : tree.byPath.get(target.path);
    const wanted = one.importedName === "*" ? name : one.importedName;
    return next === undefined ? [] : undocumentedOf(tree, next, wanted);
  });
}
