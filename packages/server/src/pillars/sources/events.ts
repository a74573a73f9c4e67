import { Type } from "typebox";

const Source = Type.Object({
  id: Type.String(),
  provider: Type.String(),
  eventPrefix: Type.String(),
  active: Type.Boolean(),
});
const example = {
  id: "source_01jd3v9k2me8r8v0c2m4t6x8z0",
  provider: "stripe",
  eventPrefix: "stripe",
  active: true,
};

/** What this pillar itself puts on the log. What comes in by a source is an event of the source's own prefix. */
export const sourceEvents = {
  "source.created": { description: "A source was created.", data: Source, example },
  "source.updated": {
    description: "A source was changed, or its secret.",
    data: Source,
    example,
  },
  "source.deleted": {
    description: "A source was deleted.",
    data: Type.Object({ id: Type.String() }),
    example: { id: example.id },
  },
} as const;
