import fastJson from "fast-json-stringify";
import type { TSchema } from "typebox";
import type { LimitPlace } from "../contract/index.ts";
import { readLimit } from "../limits/index.ts";
import type { BoundOperation } from "./options.ts";
import { openRecords } from "./records.ts";
import type { CheckPart, Validators } from "./validate.ts";

/** Writes one answer's value as JSON: declared fields only. */
export type WriteReply = (value: unknown) => string;

/** An operation made ready to be run. */
export interface CompiledOperation extends BoundOperation {
  readonly checkPath: CheckPart;
  readonly checkQuery: CheckPart;
  /** Undefined when the operation takes no body. */
  readonly checkBody: CheckPart | undefined;
  /** Status of a plain return value. */
  readonly successStatus: number;
  /** Status → writer; null where the answer has no body. */
  readonly writers: ReadonlyMap<number, WriteReply | null>;
  /** What its calls are counted for. */
  readonly place: LimitPlace;
  /** Codes it may raise; the rest is a mistake of the plugin. */
  readonly declaredCodes: ReadonlySet<string>;
}

const nothingWrong: CheckPart = () => [];

/** What compiling needs. */
export interface CompileParts {
  readonly validators: Validators;
  /** Codes of the kernel's tables, which every operation may raise. */
  readonly kernelCodes: ReadonlySet<string>;
  /** Refuses replies that do not fit their schema, where the writer alone would bend them. */
  readonly checksReplies: boolean;
}

/** Makes checks and writers of schemas. Throws for a schema that is not JSON Schema. */
export function compileOperation(bound: BoundOperation, parts: CompileParts): CompiledOperation {
  const { validators, kernelCodes } = parts;
  const { operation } = bound;
  const wrong = operation.limits.map(readLimit).flatMap((read) => (isMistakes(read) ? read : []));
  if (wrong.length > 0) throw new TypeError(`${operation.id}: ${wrong.join("; ")}`);
  const statuses = Object.keys(operation.replies).map(Number);
  return {
    ...bound,
    checkPath: checkOf(operation.params, "path", validators),
    checkQuery: checkOf(operation.query, "query", validators),
    checkBody:
      operation.body === undefined ? undefined : validators.compile(operation.body, "body"),
    successStatus: Math.min(...statuses.filter((status) => status >= 200 && status < 300)),
    writers: new Map(
      Object.entries(operation.replies).map(([status, schema]) => [
        Number(status),
        schema === null ? null : writerOf(operation.id, schema, parts),
      ]),
    ),
    place: { id: operation.id, api: bound.plugin, limits: operation.limits },
    declaredCodes: new Set([...kernelCodes, ...operation.errors]),
  };
}

function isMistakes(read: ReturnType<typeof readLimit>): read is readonly string[] {
  return Array.isArray(read);
}

function checkOf(
  schema: TSchema | undefined,
  part: "path" | "query",
  validators: Validators,
): CheckPart {
  return schema === undefined ? nothingWrong : validators.compile(schema, part);
}

/** Writers that were made, by the schema's own object. */
const writers = new WeakMap<TSchema, WriteReply>();

/** Compiled when it is first used, as the checks are. */
function plainWriterOf(schema: TSchema): WriteReply {
  const known = writers.get(schema);
  if (known !== undefined) return known;
  let compiled: WriteReply | undefined;
  const write: WriteReply = (value) => {
    // TypeBox schemas are JSON Schema; the writer's own type knows an older draft only.
    compiled ??= fastJson(openRecords(schema) as Parameters<typeof fastJson>[0]);
    return compiled(value);
  };
  writers.set(schema, write);
  return write;
}

function writerOf(id: string, schema: TSchema, parts: CompileParts): WriteReply {
  const write = plainWriterOf(schema);
  if (!parts.checksReplies) return write;
  const check = parts.validators.compile(schema, "body");
  return (value) => {
    const wrong = check(value);
    if (wrong.length > 0)
      throw new TypeError(`${id} answered what it does not declare: ${JSON.stringify(wrong)}`);
    return write(value);
  };
}
