import type { TSchema } from "typebox";

/**
 * The schema without its defaults: a row keeps what was said, not what was meant by saying nothing, so that a default
 * may change. (Defaults within a choice of schemas are no JSON Schema that could be applied, either.)
 */
export function withoutDefaults<TShape extends TSchema>(schema: TShape): TShape {
  return copy(schema, true) as TShape;
}

/** `isSchema` is false for a map of names to schemas, where `default` is a name. */
function copy(value: unknown, isSchema: boolean): unknown {
  if (Array.isArray(value)) return value.map((each) => copy(each, true));
  if (typeof value !== "object" || value === null) return value;
  // Not a plain spread: TypeBox keeps what kind a schema is in properties that are not enumerated.
  const own = Object.entries(Object.getOwnPropertyDescriptors(value))
    .filter(([name]) => !(isSchema && name === "default"))
    .map(([name, { value: inner, ...rest }]) => {
      const isMap = name === "properties" || name === "patternProperties";
      return [name, { ...rest, value: copy(inner as unknown, !isMap) }] as const;
    });
  return Object.create(null, Object.fromEntries(own));
}
