import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { rollingBack, storeChange, readRevision } from "../table/index.ts";
import { changeErrors, changing, prepareChange } from "./change.ts";
import { RevisionBody } from "./revision-body.ts";

/** `POST /gateway/revisions/{number}/activate`: the rows of the API as they were; the configuration stays as it is. */
export const activateRevision: Operation = operation({
  ...changing,
  id: "gateway.activateRevision",
  method: "POST",
  path: "/gateway/revisions/{number}/activate",
  summary: "Go back to a revision",
  description:
    "Puts the rows of the API in force as they were at that revision, as a new revision of its own. What the configuration says is not touched. Going back to what is in force changes nothing.",
  params: Type.Object({ number: Type.Integer({ minimum: 1 }) }),
  replies: { 200: RevisionBody },
  errors: [...changeErrors, "gateway.notFound"],
  example: {
    after: ["gateway.createApi", "gateway.createRoute", "gateway.revisions"],
    path: { number: "1" },
  },
  prepare: async ({ path: { number }, read, ctx }) => {
    const plan = await rollingBack(read, number, ctx.clock.now());
    return prepareChange(ctx, plan);
  },
  handle: async ({ path: { number: of }, prepared, tx, ctx }) => {
    const reason = { cause: "rollback", of, at: ctx.clock.now() } as const;
    await storeChange(tx, prepared, reason);
    return readRevision(tx);
  },
});
