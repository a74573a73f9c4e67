import { Type } from "typebox";
import { operation } from "portico/kernel";
import { changeSource } from "../change.ts";
import { raise } from "../errors.ts";
import { providerFor } from "../keep-sources.ts";
import { checkSecret, newSecret, openSecrets, rotated, sealSecrets } from "../secrets.ts";
import { followsChange } from "../state.ts";
import { Secret, SourceView } from "../view.ts";

const OVERLAP_SECONDS = 86_400;

/** `POST /sources/{id}/rotate-secret`: another secret, while those before it still count for a time. */
export const rotateSecret = operation({
  id: "sources.rotateSecret",
  method: "POST",
  path: "/sources/{id}/rotate-secret",
  summary: "Give a source another secret",
  description:
    "The secrets before it stay in force for `overlapSeconds` (a day when left out; 0 ends them now), so that nothing is " +
    "refused while the sender changes over. Also gives the first secret to a source that was created without one.",
  access: "sources:write",
  mode: "write",
  ...followsChange,
  idempotent: true,
  onceOnly: ["secret"],
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  body: Type.Object(
    {
      secret: Type.Optional(Secret),
      overlapSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_592_000 })),
    },
    { additionalProperties: false },
  ),
  replies: {
    200: Type.Object({
      ...SourceView.properties,
      secret: Type.Union([Type.String(), Type.Null()], {
        description: "The secret to give to the sender, where Portico made it; shown once.",
      }),
    }),
  },
  errors: [
    "sources.notFound",
    "sources.badSecret",
    "sources.secretNeeded",
    "sources.tooManySecrets",
  ],
  example: {
    path: { id: "{sources.create.id}" },
    body: { secret: "whsec_the-next-text-that-stripe-shows", overlapSeconds: 3_600 },
    after: ["sources.create"],
  },
  async handle({ path, body, ifMatch, caller, tx, ctx }) {
    let shown: string | null = null;
    const { organization } = caller;
    const wanted = { idOrSlug: path.id, ifMatch, ctx };
    const source = await changeSource(tx, wanted, (before) => {
      const provider = providerFor(before);
      if (body.secret === undefined && !provider.takesSecret) {
        throw raise("sources.secretNeeded", { params: { provider: provider.name } });
      }
      if (body.secret !== undefined) checkSecret(body.secret, provider);
      const value = body.secret ?? newSecret(provider, ctx.fillRandom);
      shown = body.secret === undefined ? value : null;
      const place = { ctx, organization, source: before.id };
      const overlapMs = (body.overlapSeconds ?? OVERLAP_SECONDS) * 1_000;
      const change = { value, nowMs: ctx.clock.now(), overlapMs };
      return { secrets: sealSecrets(place, rotated(openSecrets(place, before.secrets), change)) };
    });
    return { ...source, secret: shown };
  },
});
