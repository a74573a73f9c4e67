import { Type } from "typebox";
import { operation, raiseAccess, toRfc3339 } from "portico/kernel";
import { OWNER } from "../owner.ts";
import { portalSubject } from "../portal.ts";
import { settingsOf } from "../settings.ts";
import { Owner } from "../subscription.ts";

const HOUR_MS = 3_600_000;

/** `POST /webhooks/portal-links`: a short-lived token with which a customer sees and changes its own webhooks. */
export const createPortalLink = operation({
  id: "webhooks.createPortalLink",
  method: "POST",
  path: "/webhooks/portal-links",
  summary: "Create a portal link",
  description:
    "The token opens the operations of webhooks and deliveries to one owner: it lists, changes and creates webhooks of this " +
    "owner, sees their deliveries, and nothing else of the organization. Hand it to the customer's browser.",
  access: "webhooks:write",
  mode: "write",
  idempotent: true,
  onceOnly: ["token", "url"],
  limits: ["300/min"],
  body: Type.Object(
    {
      owner: Owner,
      readOnly: Type.Optional(Type.Boolean({ default: false })),
      expiresInMs: Type.Optional(
        Type.Integer({ minimum: 60_000, maximum: 24 * HOUR_MS, default: HOUR_MS }),
      ),
    },
    { additionalProperties: false },
  ),
  replies: {
    201: Type.Object({
      id: Type.String(),
      token: Type.String({ description: "Sent as `Authorization: Bearer …`; shown once." }),
      url: Type.Union([Type.String(), Type.Null()], {
        description:
          "The operator's portal page (webhooks.portalUrl) with the token behind `#`, which browsers send to nobody; null " +
          "where none is set.",
      }),
      expiresAt: Type.String({ format: "date-time" }),
    }),
  },
  errors: [],
  example: { body: { owner: "cust_7", expiresInMs: 3_600_000 } },
  async prepare({ body, caller, ctx }) {
    const wanted = body.readOnly === true ? ["webhooks:read"] : ["webhooks:read", "webhooks:write"];
    // Nobody hands on what he has not.
    const permissions = wanted.filter((permission) => ctx.access.can(caller, permission).allowed);
    if (permissions.length === 0) {
      throw raiseAccess("access.forbidden", { params: { permission: "webhooks:read" } });
    }
    return await ctx.tokens.issue({
      organization: caller.organization,
      subject: portalSubject(body.owner),
      permissions,
      restrictions: { [OWNER]: body.owner },
      ...(body.expiresInMs === undefined ? {} : { expiresInMs: body.expiresInMs }),
    });
  },
  async handle({ prepared, ctx }) {
    const { id, token, expiresAt } = prepared;
    const { portalUrl } = settingsOf(ctx);
    return await Promise.resolve({
      id,
      token,
      url: portalUrl === "" ? null : `${portalUrl}#token=${token}`,
      expiresAt: toRfc3339(expiresAt),
    });
  },
});
