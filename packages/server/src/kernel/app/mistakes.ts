import { findShapeMistakes } from "../http/index.ts";
import { readTiming } from "../schedules/index.ts";
import { wrongInput } from "../jobs/index.ts";
import type { AnyPlugin, Contribution, Operation, Point } from "../contract/index.ts";

/** One thing wrong with the plugins of a server, found before anything starts. */
export interface Mistake {
  /** Where: a plugin's id, followed by the part of it. */
  readonly path: string;
  readonly problem: string;
  readonly fix: string;
}

/** What the rules look at: every plugin, and what the kernel itself declares. */
export interface World {
  readonly plugins: readonly AnyPlugin[];
  readonly kernelPoints: readonly Point<unknown>[];
  readonly kernelErrors: ReadonlySet<string>;
  readonly kernelPermissions: ReadonlySet<string>;
  readonly kernelEvents: readonly string[];
  readonly engineMajor: number;
}

type Rule = (world: World) => readonly Mistake[];

/** Every mistake in the plugins of a server, so that all can be corrected in one go. */
export function findMistakes(world: World): readonly Mistake[] {
  const rules: readonly Rule[] = [
    pluginIdsAreUnique,
    enginesFit,
    needsAreMet,
    needsHaveNoRing,
    namesBelongToTheirPlugin,
    operationsAreUnique,
    operationsDeclareAccess,
    operationsDeclareReplies,
    operationErrorsAreDeclared,
    pointsAreKnown,
    wordsAreDeclaredOnce,
    answersHaveTheirShape,
    kernelNamesAreTheKernels,
    schedulesCanTick,
    jobsAreCallableByPermission,
  ];
  return rules.flatMap((rule) => rule(world));
}

function pluginIdsAreUnique({ plugins }: World): readonly Mistake[] {
  return duplicates(plugins.map((plugin) => plugin.id)).map((id) => ({
    path: id,
    problem: `two plugins have the id '${id}'`,
    fix: "remove one of them or give it another id",
  }));
}

function enginesFit({ plugins, engineMajor }: World): readonly Mistake[] {
  return plugins
    .filter((plugin) => plugin.engine !== `^${engineMajor}`)
    .map((plugin) => ({
      path: `${plugin.id}.engine`,
      problem: `it asks for kernel '${plugin.engine}', this one is ${engineMajor}`,
      fix: `install a version of '${plugin.id}' made for kernel ^${engineMajor}`,
    }));
}

function needsAreMet({ plugins }: World): readonly Mistake[] {
  const present = new Set(plugins.map((plugin) => plugin.id));
  return plugins.flatMap((plugin) =>
    (plugin.needs ?? [])
      .filter((need) => !present.has(need))
      .map((need) => ({
        path: `${plugin.id}.needs`,
        problem: `it needs the plugin '${need}', which is not installed`,
        fix: `add '${need}' to the plugins, or remove '${plugin.id}'`,
      })),
  );
}

function needsHaveNoRing({ plugins }: World): readonly Mistake[] {
  const byId = new Map(plugins.map((plugin) => [plugin.id, plugin]));
  const reaches = (from: AnyPlugin, target: string, seen: Set<string>): boolean =>
    (from.needs ?? []).some((need) => {
      if (need === target) return true;
      if (seen.has(need)) return false;
      seen.add(need);
      const next = byId.get(need);
      return next !== undefined && reaches(next, target, seen);
    });
  return plugins
    .filter((plugin) => reaches(plugin, plugin.id, new Set()))
    .map((plugin) => ({
      path: `${plugin.id}.needs`,
      problem: "it needs itself by way of other plugins",
      fix: "let one of them answer the other by an event or a point instead",
    }));
}

function namesBelongToTheirPlugin({ plugins }: World): readonly Mistake[] {
  return plugins.flatMap((plugin) => {
    const foreign = (kind: string, names: readonly string[], prefix: string): readonly Mistake[] =>
      names
        .filter((name) => !name.startsWith(prefix))
        .map((name) => ({
          path: `${plugin.id}.${kind}`,
          problem: `'${name}' does not start with '${prefix}'`,
          fix: `rename it to '${prefix}…'`,
        }));
    return [
      ...foreign("tables", Object.keys(plugin.tables ?? {}), `${plugin.id}_`),
      ...foreign("errors", Object.keys(plugin.errors ?? {}), `${plugin.id}.`),
      ...foreign(
        "operations",
        (plugin.operations ?? [])
          .map((each) => each.id)
          .filter((id) => plugin.nouns?.some((noun) => id.startsWith(`${noun}.`)) !== true),
        `${plugin.id}.`,
      ),
    ];
  });
}

function operationsAreUnique({ plugins }: World): readonly Mistake[] {
  const all = operationsOf(plugins);
  const routes = all.map((each) => `${each.method} ${each.path.replaceAll(/\{\w+\}/g, "{}")}`);
  return [
    ...duplicates(all.map((each) => each.id)).map((id) => ({
      path: id,
      problem: `two operations have the id '${id}'`,
      fix: "give one of them another id",
    })),
    ...duplicates(routes).map((route) => ({
      path: route,
      problem: `two operations answer ${route}: ${all
        .filter((_each, index) => routes[index] === route)
        .map((each) => each.id)
        .join(", ")}`,
      fix: "move one of them to another path",
    })),
  ];
}

function operationsDeclareAccess({ plugins, kernelPermissions }: World): readonly Mistake[] {
  const known = new Set([
    ...kernelPermissions,
    ...plugins.flatMap((plugin) => Object.keys(plugin.permissions ?? {})),
  ]);
  return operationsOf(plugins).flatMap((each) => {
    const access: unknown = each.access;
    if (typeof access !== "string" || access === "")
      return [
        {
          path: `${each.id}.access`,
          problem: "it does not say who may call it",
          fix: "set access to 'public', 'caller' or a permission",
        },
      ];
    if (access === "public" || access === "caller" || known.has(access)) return [];
    return [
      {
        path: `${each.id}.access`,
        problem: `no plugin declares the permission '${access}'`,
        fix: "declare it in `permissions`, or correct its name",
      },
    ];
  });
}

function operationsDeclareReplies({ plugins }: World): readonly Mistake[] {
  return operationsOf(plugins)
    .filter((each) => !Object.keys(each.replies).some((status) => /^2\d\d$/.test(status)))
    .map((each) => ({
      path: `${each.id}.replies`,
      problem: "it declares no success status",
      fix: "add the schema of its answer under 200, 201, 202 or 204",
    }));
}

function operationErrorsAreDeclared({ plugins, kernelErrors }: World): readonly Mistake[] {
  return plugins.flatMap((plugin) => {
    const own = new Set(Object.keys(plugin.errors ?? {}));
    return (plugin.operations ?? []).flatMap((each) =>
      each.errors
        .filter((code) => !own.has(code) && !kernelErrors.has(code))
        .map((code) => ({
          path: `${each.id}.errors`,
          problem: `the code '${code}' is in no error table`,
          fix: `add it to the errors of '${plugin.id}'`,
        })),
    );
  });
}

function pointsAreKnown({ plugins, kernelPoints }: World): readonly Mistake[] {
  const declared = [...kernelPoints, ...plugins.flatMap((plugin) => plugin.points ?? [])];
  const known = new Set(declared.map((each) => each.id));
  return [
    ...duplicates(declared.map((each) => each.id)).map((id) => ({
      path: id,
      problem: `the point '${id}' is declared twice`,
      fix: "give one of them another id",
    })),
    ...plugins.flatMap((plugin) =>
      (plugin.contributes ?? [])
        .filter((each: Contribution) => !known.has(each.point))
        .map((each) => ({
          path: `${plugin.id}.contributes`,
          problem: `no plugin declares the point '${each.point}'`,
          fix: "install the plugin that declares it, or correct its id and version",
        })),
    ),
  ];
}

function wordsAreDeclaredOnce({ plugins, kernelEvents }: World): readonly Mistake[] {
  const twice = (kind: string, names: readonly string[]): readonly Mistake[] =>
    duplicates(names).map((name) => ({
      path: name,
      problem: `the ${kind} '${name}' is declared by two plugins`,
      fix: "leave it to the plugin it belongs to",
    }));
  return [
    ...twice(
      "permission",
      plugins.flatMap((plugin) => Object.keys(plugin.permissions ?? {})),
    ),
    ...twice(
      "error",
      plugins.flatMap((plugin) => Object.keys(plugin.errors ?? {})),
    ),
    ...twice("event type", [
      ...kernelEvents,
      ...plugins.flatMap((plugin) => Object.keys(plugin.events ?? {})),
    ]),
    ...twice(
      "capability",
      plugins.flatMap((plugin) => (plugin.provides ?? []).map(({ id }) => id)),
    ),
  ];
}

function answersHaveTheirShape({ plugins }: World): readonly Mistake[] {
  return findShapeMistakes(operationsOf(plugins));
}

function kernelNamesAreTheKernels({ plugins }: World): readonly Mistake[] {
  return plugins.flatMap((plugin) =>
    [...(plugin.provides ?? []), ...(plugin.points ?? [])]
      .filter(({ id }) => id.startsWith("kernel."))
      .map(({ id }) => ({
        path: `${plugin.id}.provides`,
        problem: `'${id}' begins as only the kernel's own names do`,
        fix: `rename it to '${plugin.id}…'`,
      })),
  );
}

function schedulesCanTick({ plugins }: World): readonly Mistake[] {
  return plugins.flatMap((plugin) =>
    Object.entries(plugin.schedules ?? {}).flatMap(([name, schedule]) => {
      const path = `${plugin.id}.schedules.${name}`;
      const read = readTiming(schedule);
      const badTimes = ("mistakes" in read ? read.mistakes : []).map(({ pointer, detail }) => ({
        path: `${path}${pointer.replaceAll("/", ".")}`,
        problem: detail,
        fix: "correct it",
      }));
      const job = plugin.jobs?.[schedule.job];
      if (job === undefined) {
        const problem = `'${plugin.id}' has no job '${schedule.job}'`;
        const fix = "declare it in `jobs`, or correct its name";
        return [...badTimes, { path: `${path}.job`, problem, fix }];
      }
      const wrong = wrongInput(job, schedule.input ?? null);
      if (wrong === undefined) return badTimes;
      const problem = `the input is not as the job '${schedule.job}' declares it: ${wrong}`;
      return [...badTimes, { path: `${path}.input`, problem, fix: "give it what it takes" }];
    }),
  );
}

function jobsAreCallableByPermission({ plugins, kernelPermissions }: World): readonly Mistake[] {
  const known = new Set([
    ...kernelPermissions,
    ...plugins.flatMap((plugin) => Object.keys(plugin.permissions ?? {})),
  ]);
  return plugins.flatMap((plugin) =>
    Object.entries(plugin.jobs ?? {}).flatMap(([name, { callable }]) =>
      callable === undefined || known.has(callable)
        ? []
        : [
            {
              path: `${plugin.id}.jobs.${name}.callable`,
              problem: `no plugin declares the permission '${callable}'`,
              fix: "declare it in `permissions`, or correct its name",
            },
          ],
    ),
  );
}

function operationsOf(plugins: readonly AnyPlugin[]): readonly Operation[] {
  return plugins.flatMap((plugin) => plugin.operations ?? []);
}

function duplicates(values: readonly string[]): readonly string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}
