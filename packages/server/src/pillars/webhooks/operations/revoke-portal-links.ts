import { Type } from "typebox";
import { operation } from "portico/kernel";
import { portalSubject } from "../portal.ts";
import { Owner } from "../subscription.ts";

/** `POST /webhooks/portal-links/revoke`: all links of an owner end now. */
export const revokePortalLinks = operation({
  id: "webhooks.revokePortalLinks",
  method: "POST",
  path: "/webhooks/portal-links/revoke",
  summary: "Revoke all portal links of an owner",
  access: "webhooks:write",
  mode: "write",
  body: Type.Object({ owner: Owner }, { additionalProperties: false }),
  replies: { 204: null },
  example: { body: { owner: "cust_7" } },
  async prepare({ body, caller, ctx }) {
    await ctx.tokens.revoke({
      organization: caller.organization,
      subject: portalSubject(body.owner),
    });
  },
  async handle({ body, tx }) {
    tx.audit({ action: "webhooks.revokePortalLinks", target: portalSubject(body.owner) });
    return await Promise.resolve();
  },
});
