import { Type } from "typebox";
import { operation } from "portico/kernel";
import { checkPrefix, chooseProvider } from "../choice.ts";
import { raise } from "../errors.ts";
import { Scheme } from "../providers/index.ts";
import { checkSecret, newSecret, sealSecrets } from "../secrets.ts";
import type { SourceTables } from "../tables.ts";
import { Secret, sourceData, sourceFields, SourceView, viewSource } from "../view.ts";

// No sub-path of `/sources` may be a source's name.
const SLUG_PATTERN = "^(?!messages$|providers$)[a-z][a-z0-9-]{1,62}$";

const { eventPrefix, description, active, url, toleranceSeconds } = sourceFields;

/** `POST /sources`: a new endpoint for messages from outside. */
export const createSource = operation({
  id: "sources.create",
  method: "POST",
  path: "/sources",
  summary: "Create a source",
  description:
    "Gives the address that the sender is told. Senders that make their secrets themselves show it only then: create the " +
    "source without one, and give it by `rotate-secret`. Until then everything that comes is kept in quarantine.",
  access: "sources:write",
  mode: "write",
  idempotent: true,
  onceOnly: ["secret"],
  body: Type.Object(
    {
      provider: Type.String({
        minLength: 1,
        maxLength: 64,
        description: "Of GET /sources/providers, or `hmac`.",
      }),
      slug: Type.Optional(
        Type.String({
          pattern: SLUG_PATTERN,
          description: "Of the organization `default`, it may stand in the address.",
        }),
      ),
      secret: Type.Optional(Secret),
      scheme: Type.Optional(Scheme),
      eventPrefix: Type.Optional(eventPrefix),
      description: Type.Optional(description),
      active: Type.Optional(active),
      url: Type.Optional(url),
      toleranceSeconds: Type.Optional(toleranceSeconds),
    },
    { additionalProperties: false },
  ),
  replies: {
    201: Type.Object({
      ...SourceView.properties,
      secret: Type.Union([Type.String(), Type.Null()], {
        description: "The secret to give to the sender, where Portico made it; shown once.",
      }),
    }),
  },
  errors: [
    "sources.unknownProvider",
    "sources.badScheme",
    "sources.badSecret",
    "sources.reservedPrefix",
    "sources.slugTaken",
  ],
  example: {
    body: { provider: "stripe", secret: "whsec_the-text-that-stripe-shows" },
    refused: {
      "sources.slugTaken": { body: { provider: "github", slug: "code" }, times: 2 },
    },
  },
  async handle({ body, caller, tx, ctx }) {
    const provider = chooseProvider(body.provider, body.scheme);
    const prefix = body.eventPrefix ?? (body.slug ?? provider.id).slice(0, 40);
    checkPrefix(prefix, ctx);
    if (body.secret !== undefined) checkSecret(body.secret, provider);
    const made = provider.takesSecret && body.secret === undefined;
    const secret = made ? newSecret(provider, ctx.fillRandom) : body.secret;
    const { organization } = caller;
    const id = ctx.makeId("source");
    const now = ctx.clock.now();
    const row = {
      id,
      slug: body.slug ?? null,
      provider: provider.id,
      scheme: body.scheme === undefined ? null : JSON.stringify(body.scheme),
      eventPrefix: prefix,
      description: body.description ?? "",
      secrets: sealSecrets(
        { ctx, organization, source: id },
        secret === undefined ? [] : [{ value: secret, until: null }],
      ),
      url: body.url ?? null,
      toleranceSeconds: body.toleranceSeconds ?? null,
      isActive: (body.active ?? true) ? 1 : 0,
      revision: 1,
      createdAt: now,
      updatedAt: now,
    };
    const { numInsertedOrUpdatedRows: inserted } = await tx
      .db<SourceTables>()
      .insertInto("sources_sources")
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (Number(inserted) === 0) {
      throw raise("sources.slugTaken", { params: { slug: body.slug ?? "" } });
    }
    tx.emit("source.created", sourceData(row), { subject: id });
    return {
      ...viewSource({ ...row, organization }, ctx),
      secret: made ? (secret ?? null) : null,
    };
  },
});
