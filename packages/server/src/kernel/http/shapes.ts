import {
  Type,
  type TArray,
  type TObject,
  type TSchema,
  type TString,
  type TUnion,
  type TNull,
} from "typebox";
import type { Operation } from "../contract/index.ts";

/** A list as it is answered: `{ data, next }`; `next` is null on the last page. */
export function listOf<TItem extends TSchema>(
  item: TItem,
): TObject<{ data: TArray<TItem>; next: TUnion<[TString, TNull]> }> {
  return Type.Object({
    data: Type.Array(item),
    next: Type.Union([Type.String(), Type.Null()], {
      description: "Pass it as `cursor` for the page after this one; null on the last.",
    }),
  });
}

/** A job that was accepted and not yet done: the answer of every 202. */
export const accepted: TObject<{ id: TString; status: TString }> = Type.Object({
  id: Type.String({ description: "Names what was accepted; ask for it by this id." }),
  status: Type.String({ description: "How far it is." }),
});

/** Query of every list. Spread it beside the filters: `Type.Object({ ...pageQuery, status: … })`. */
export const pageQuery = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 200, default: 50, description: "Most entries of a page." }),
  ),
  cursor: Type.Optional(
    Type.String({ maxLength: 2_000, description: "`next` of the page before, unchanged." }),
  ),
} as const;

/**
 * What is wrong with the answers of operations, by the four shapes of the API: an object, a list `{ data, next }`, an
 * accepted job `{ id, status }` with 202, and a problem (which is never declared). Empty when all keep to them.
 */
export function findShapeMistakes(
  operations: readonly Operation[],
): readonly { readonly path: string; readonly problem: string; readonly fix: string }[] {
  return operations.flatMap((operation) =>
    Object.entries(operation.replies).flatMap(([status, schema]) => {
      const problem = shapeFault(Number(status), schema);
      if (problem === undefined) return [];
      return [
        {
          path: `${operation.id}.replies.${status}`,
          problem,
          fix: "answer an object, listOf(item), accepted with 202, or null for no body",
        },
      ];
    }),
  );
}

function shapeFault(status: number, schema: TSchema | null): string | undefined {
  // 503 may carry a report, as `/health` does: the state asked for is the answer.
  if (status >= 400 && status !== 503)
    return "refusals are raised as problems, not declared as answers";
  if (schema === null) return status === 202 ? "202 answers { id, status }" : undefined;
  const { type, properties } = schema as { type?: unknown; properties?: Record<string, TSchema> };
  if (type !== "object" && !isUnionOfObjects(schema)) return "the answer is not an object";
  const names = Object.keys(properties ?? {});
  if (status === 202 && !(names.includes("id") && names.includes("status"))) {
    return "202 answers { id, status }";
  }
  const { data } = (properties ?? {}) as { data?: { type?: unknown } };
  const isList = data?.type === "array";
  if (isList && !names.includes("next")) return "a list answers { data, next }";
  return undefined;
}

function isUnionOfObjects(schema: TSchema): boolean {
  const { anyOf } = schema as { anyOf?: readonly { type?: unknown }[] };
  return anyOf !== undefined && anyOf.length > 0 && anyOf.every(({ type }) => type === "object");
}
