import { Type } from "typebox";

/** A revision as it is shown. */
export const RevisionBody = Type.Object({
  number: Type.Integer(),
  active: Type.Boolean({ description: "Whether it is in force." }),
  cause: Type.String({ description: "`change`, `import` or `rollback`." }),
  of: Type.Union([Type.Integer(), Type.Null()], {
    description: "The revision that a rollback went back to.",
  }),
  actor: Type.String(),
  changes: Type.Array(
    Type.Object({ kind: Type.String(), id: Type.String(), action: Type.String() }),
    { description: "The first hundred." },
  ),
  changeCount: Type.Integer(),
  at: Type.String(),
});
