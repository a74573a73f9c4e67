import { operation, sha256 } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { changeClient } from "../change-client.ts";
import { checkScopes } from "../client-rules.ts";
import { CreatedClientView, toView } from "../client-view.ts";
import { listIn, makeSecret } from "../clients.ts";
import { raise } from "../errors.ts";

const DAY_MS = 86_400_000;

/** `POST /oauth/clients/{id}/rotate-secret` */
export const rotateSecret: Operation = operation({
  id: "oauth.rotateSecret",
  method: "POST",
  path: "/oauth/clients/{id}/rotate-secret",
  summary: "Give an OAuth client a new secret",
  description:
    "The secret before opens for `overlapMs` more. The new one is shown this once; so the caller must hold all that the client " +
    "may be given.",
  access: "oauth:write",
  mode: "write",
  idempotent: true,
  onceOnly: ["secret"],
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  body: Type.Object(
    {
      overlapMs: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 90 * DAY_MS,
          default: DAY_MS,
          description: "Milliseconds for which the old secret opens beside the new one; a day.",
        }),
      ),
    },
    { additionalProperties: false },
  ),
  replies: { 200: CreatedClientView },
  errors: ["oauth.clientNotFound", "oauth.exceedsCreator", "oauth.publicHasNoSecret"],
  example: {
    path: { id: "{oauth.createClient.id}" },
    body: { overlapMs: 3_600_000 },
    after: ["oauth.createClient"],
  },
  async handle({ path, body, ifMatch, caller, tx, ctx }) {
    const { overlapMs = DAY_MS } = body;
    const secret = makeSecret(ctx);
    const row = await changeClient({ id: path.id, ifMatch, tx }, (before) => {
      if (before.type === "public") throw raise("oauth.publicHasNoSecret", { params: path });
      checkScopes(listIn(before.scopes), caller);
      return {
        event: "client.rotated",
        set: {
          secret_hash: sha256(secret),
          previous_hash: before.secret_hash,
          previous_until: Math.floor(ctx.clock.now()) + overlapMs,
        },
      };
    });
    return { ...toView(row), secret };
  },
});
