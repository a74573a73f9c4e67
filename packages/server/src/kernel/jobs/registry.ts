import { Compile } from "typebox/compile";
import type { JobDefinition, PluginContext } from "../contract/index.ts";

/** A job of a plugin that runs here. */
export interface RegisteredJob {
  readonly plugin: string;
  readonly name: string;
  readonly definition: JobDefinition;
  /** The plugin's context; asked for at each run. */
  readonly ctx: () => PluginContext;
  /** What is wrong with an input; undefined when it is as declared. */
  readonly wrong: (input: unknown) => string | undefined;
}

/** The kinds of work this process knows. */
export interface JobRegistry {
  add(job: Omit<RegisteredJob, "wrong">): void;
  find(plugin: string, name: string): RegisteredJob | undefined;
}

/** Makes an empty registry; the assembly adds every plugin's jobs before the engine starts. */
export function createJobRegistry(): JobRegistry {
  const jobs = new Map<string, RegisteredJob>();
  return {
    add: (job) => {
      jobs.set(`${job.plugin}/${job.name}`, { ...job, wrong: checker(job.definition) });
    },
    find: (plugin, name) => jobs.get(`${plugin}/${name}`),
  };
}

/** What is wrong with an input of a job; undefined when it is as declared. */
export function wrongInput(definition: JobDefinition, input: unknown): string | undefined {
  return checker(definition)(input);
}

function checker(definition: JobDefinition): RegisteredJob["wrong"] {
  let compiled: ReturnType<typeof Compile> | undefined;
  return (input) => {
    compiled ??= Compile(definition.input);
    if (compiled.Check(input)) return undefined;
    const first = compiled.Errors(input)[0];
    return first === undefined ? "it differs" : `${first.instancePath || "/"} ${first.message}`;
  };
}
