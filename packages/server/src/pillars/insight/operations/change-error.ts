import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { changeState, ErrorView, viewError } from "../failures/index.ts";
import type { ErrorState } from "../tables.ts";

interface Change {
  readonly verb: string;
  readonly state: ErrorState;
  readonly summary: string;
  readonly description: string;
}

function changeOperation({ verb, state, summary, description }: Change): Operation {
  return operation({
    id: `insight.${verb}Error`,
    method: "POST",
    path: `/errors/{id}/${verb}`,
    summary,
    description,
    access: "insight:write",
    mode: "write",
    // `changeState` tells it with the state before and after.
    audit: "none",
    params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
    replies: { 200: ErrorView },
    errors: ["insight.errorNotFound", "request.revision"],
    example: { after: ["insight.reportError"], path: { id: "{insight.reportError.id}" } },
    handle: async ({ path, tx, ifMatch, ctx }) =>
      viewError(await changeState(tx, { id: path.id, state, ifMatch, now: ctx.clock.now() })),
  });
}

/** `POST /errors/{id}/resolve` */
export const resolveError: Operation = changeOperation({
  verb: "resolve",
  state: "resolved",
  summary: "Resolve an error",
  description: "When it happens again it is open again, and says so in `regressedAt`.",
});

/** `POST /errors/{id}/mute` */
export const muteError: Operation = changeOperation({
  verb: "mute",
  state: "muted",
  summary: "Mute an error",
  description: "It is counted further, but only listed when muted ones are asked for.",
});

/** `POST /errors/{id}/reopen` */
export const reopenError: Operation = changeOperation({
  verb: "reopen",
  state: "open",
  summary: "Reopen an error",
  description: "Of one that was resolved or muted.",
});
