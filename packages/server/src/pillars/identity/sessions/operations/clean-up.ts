import { Type } from "typebox";
import { operation } from "portico/kernel";
import { cleanUp } from "../cleanup.ts";
import { personOf } from "../owner.ts";

/** `POST /sessions/cleanup` */
export const cleanUpSessions = operation({
  id: "sessions.cleanup",
  method: "POST",
  path: "/sessions/cleanup",
  summary: "Remove sessions that have lived out",
  description:
    "One's own; with `sessions:write`, those of the organization. They open nothing any more; each night they are removed in " +
    "any case.",
  access: "caller",
  mode: "write",
  audit: "none",
  replies: { 200: Type.Object({ removed: Type.Integer() }) },
  errors: ["identity.notSession"],
  example: {},
  async prepare({ caller, ctx }): Promise<{ readonly removed: number }> {
    const mayAll = ctx.access.can(caller, "sessions:write").allowed;
    const { organization } = caller;
    const scope = mayAll ? { organization } : { userId: personOf(caller) };
    return { removed: await cleanUp(scope, ctx) };
  },
  async handle({ prepared }) {
    return prepared;
  },
});
