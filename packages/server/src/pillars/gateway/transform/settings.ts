import { Type } from "typebox";
import type { Static } from "typebox";

const Name = Type.String({ minLength: 1, maxLength: 128 });
const Pointer = Type.String({
  pattern: "^(?:/(?:[^~/]|~[01])*)*$",
  description: "JSON pointer (RFC 6901); a * stands for every element or member.",
});

const FieldEdits = (what: string) =>
  Type.Object({
    rename: Type.Optional(
      Type.Record(Type.String(), Name, { description: `Old name → new name of a ${what}.` }),
    ),
    remove: Type.Optional(Type.Array(Name, { description: `Names of each ${what} to take away.` })),
    set: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: `Name → value: the only ${what} of that name then.`,
      }),
    ),
    add: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: `Name → value: one more ${what}.` }),
    ),
  });

const BodyEdits = Type.Object({
  rename: Type.Optional(
    Type.Record(Type.String(), Name, { description: "Pointer to a member → its new name." }),
  ),
  move: Type.Optional(Type.Record(Type.String(), Pointer, { description: "Pointer → pointer." })),
  remove: Type.Optional(Type.Array(Pointer)),
  set: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description:
        "Pointer → any JSON value, its texts being templates; objects on the way are made.",
    }),
  ),
});

/** Declared changes of requests and replies. Each part is done in this order: rename, move, remove, set, add. */
export const TransformSettings = Type.Object({
  request: Type.Optional(
    Type.Object({
      headers: Type.Optional(FieldEdits("header field")),
      query: Type.Optional(FieldEdits("query parameter")),
      body: Type.Optional(BodyEdits),
    }),
  ),
  response: Type.Optional(
    Type.Object({
      headers: Type.Optional(FieldEdits("header field")),
      body: Type.Optional(BodyEdits),
    }),
  ),
  notJson: Type.Optional(
    Type.Union([Type.Literal("skip"), Type.Literal("refuse")], {
      default: "skip",
      description:
        "A body that is not JSON (another type, encoded, a stream): left alone, or refused with 415 (request) and 502 (reply).",
    }),
  ),
  bodyBytesMax: Type.Optional(
    Type.Integer({
      minimum: 1_024,
      maximum: 67_108_864,
      default: 1_048_576,
      description: "Largest body that is changed; beyond it 413 for a request, 502 for a reply.",
    }),
  ),
});

/** What an API or a route says of transforms and hooks. */
export const transformSettings = {
  transform: Type.Optional(TransformSettings),
  hooks: Type.Optional(
    Type.Unknown({
      description:
        "The escape hatch: path of a TypeScript module (from the configuration's folder), or what defineHooks returns.",
    }),
  ),
};

/** Transforms as set. */
export type TransformSettings = Static<typeof TransformSettings>;
/** Edits of header fields or query parameters as set. */
export type FieldEdits = Static<ReturnType<typeof FieldEdits>>;
/** Edits of a JSON body as set. */
export type BodyEdits = Static<typeof BodyEdits>;
