import { Type } from "typebox";
import { operation } from "portico/kernel";
import { changeSource } from "../change.ts";
import type { Changes } from "../change.ts";
import { checkPrefix, chooseProvider } from "../choice.ts";
import { Scheme } from "../providers/index.ts";
import { followsChange } from "../state.ts";
import { sourceFields, SourceView } from "../view.ts";

/** `PATCH /sources/{id}`: what is left out stays as it is. */
export const updateSource = operation({
  id: "sources.update",
  method: "PATCH",
  path: "/sources/{id}",
  summary: "Change a source",
  description:
    "Fields that are left out stay as they are. The provider cannot be changed: its secrets are of no use to another.",
  access: "sources:write",
  mode: "write",
  ...followsChange,
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  body: Type.Partial(Type.Object({ ...sourceFields, scheme: Scheme }), {
    additionalProperties: false,
    minProperties: 1,
  }),
  replies: { 200: SourceView },
  errors: [
    "sources.notFound",
    "sources.badScheme",
    "sources.unknownProvider",
    "sources.reservedPrefix",
  ],
  example: {
    path: { id: "{sources.create.id}" },
    body: { eventPrefix: "billing.stripe", description: "The account of the shop" },
    after: ["sources.create"],
  },
  handle({ path, body, ifMatch, tx, ctx }) {
    if (body.eventPrefix !== undefined) checkPrefix(body.eventPrefix, ctx);
    return changeSource(tx, { idOrSlug: path.id, ifMatch, ctx }, ({ provider }): Changes => {
      if (body.scheme !== undefined) chooseProvider(provider, body.scheme);
      return {
        ...(body.eventPrefix === undefined ? {} : { eventPrefix: body.eventPrefix }),
        ...(body.description === undefined ? {} : { description: body.description }),
        ...(body.active === undefined ? {} : { isActive: body.active ? 1 : 0 }),
        ...(body.url === undefined ? {} : { url: body.url }),
        ...(body.toleranceSeconds === undefined ? {} : { toleranceSeconds: body.toleranceSeconds }),
        ...(body.scheme === undefined ? {} : { scheme: JSON.stringify(body.scheme) }),
      };
    });
  },
});
