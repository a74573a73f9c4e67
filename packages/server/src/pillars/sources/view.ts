import { Buffer, isUtf8 } from "node:buffer";
import { Type } from "typebox";
import type { Static } from "typebox";
import { ownUrl, toRfc3339 } from "portico/kernel";
import type { PluginContext } from "portico/kernel";
import { PREFIX_PATTERN } from "./event-type.ts";
import { Scheme } from "./providers/index.ts";
import { openSecrets } from "./secrets.ts";
import type { MessageRow, SourceRow } from "./tables.ts";
import { reasons } from "./verification/index.ts";
import type { Reason } from "./verification/index.ts";

const Time = Type.String({ format: "date-time" });
const TextOrNull = Type.Union([Type.String(), Type.Null()]);

/** Fields of a source that its owner chooses and may change. */
export const sourceFields = {
  eventPrefix: Type.String({
    pattern: PREFIX_PATTERN,
    description: "Beginning of the types of its events: `stripe` makes `stripe.invoice.paid`.",
  }),
  description: Type.String({ maxLength: 1_000 }),
  active: Type.Boolean({
    description: "False: messages are answered 503, so that senders come again.",
  }),
  url: Type.Union(
    [Type.String({ format: "uri", pattern: "^https?://[^?#]+$", maxLength: 1_024 }), Type.Null()],
    {
      description:
        "The address by which the sender calls, where a proxy makes it another than the server's own. For senders who sign it.",
    },
  ),
  toleranceSeconds: Type.Union([Type.Integer({ minimum: 1, maximum: 604_800 }), Type.Null()], {
    description: "How far a signed time may be from now; the provider's own when null.",
  }),
};

/** A secret as it is given. */
export const Secret = Type.String({
  minLength: 1,
  maxLength: 1_024,
  description: "As the sender shows it; stored sealed and never shown again.",
});

/** One source as callers see it: never its secrets, only how many there are. */
export const SourceView = Type.Object({
  id: Type.String(),
  slug: TextOrNull,
  provider: Type.String(),
  scheme: Type.Union([Scheme, Type.Null()]),
  eventPrefix: Type.String(),
  description: Type.String(),
  active: Type.Boolean(),
  address: Type.String({ description: "Where the sender posts to." }),
  url: TextOrNull,
  toleranceSeconds: Type.Union([Type.Integer(), Type.Null()]),
  secrets: Type.Array(
    Type.Object({
      until: Type.Union([Time, Type.Null()], { description: "Null: in force until rotated." }),
    }),
    { description: "Those in force; none while the sender's secret is not known yet." },
  ),
  revision: Type.Integer(),
  createdAt: Time,
  updatedAt: Time,
});

/** A source's row as it is read. */
export type ReadSource = Omit<SourceRow, "organization" | "revision"> & {
  readonly organization: string;
  readonly revision: number;
};

/** One row in the form callers see. */
export function viewSource(row: ReadSource, ctx: PluginContext): Static<typeof SourceView> {
  const { organization, id } = row;
  const nowMs = ctx.clock.now();
  return {
    id,
    slug: row.slug,
    provider: row.provider,
    // Written by us, from a scheme that was accepted.
    scheme: row.scheme === null ? null : (JSON.parse(row.scheme) as Scheme),
    eventPrefix: row.eventPrefix,
    description: row.description,
    active: row.isActive === 1,
    address: `${ownUrl(ctx.server)}/in/${id}`,
    url: row.url,
    toleranceSeconds: row.toleranceSeconds,
    secrets: openSecrets({ ctx, organization, source: id }, row.secrets)
      .filter(({ until }) => until === null || until > nowMs)
      .map(({ until }) => ({ until: until === null ? null : toRfc3339(until) })),
    revision: row.revision,
    createdAt: toRfc3339(row.createdAt),
    updatedAt: toRfc3339(row.updatedAt),
  };
}

/** What the events of a source tell of it. */
export function sourceData(
  row: Pick<SourceRow, "id" | "provider" | "eventPrefix" | "isActive">,
): Readonly<Record<string, unknown>> {
  const { id, provider, eventPrefix, isActive } = row;
  return { id, provider, eventPrefix, active: isActive === 1 };
}

/** One message without its bytes. */
export const MessageView = Type.Object({
  id: Type.String(),
  source: Type.String(),
  state: Type.Union(
    [Type.Literal("accepted"), Type.Literal("quarantined"), Type.Literal("released")],
    { description: "`released`: accepted by hand, after it had been quarantined." },
  ),
  reason: Type.Union([Type.String(), Type.Null()], {
    description: "Why it was not accepted as it came.",
  }),
  reasonText: TextOrNull,
  externalId: Type.Union([Type.String(), Type.Null()], { description: "The sender's own id." }),
  event: Type.Union([Type.String(), Type.Null()], { description: "The event it became." }),
  eventType: Type.String(),
  contentType: Type.String(),
  bytes: Type.Integer(),
  receivedAt: Time,
});

/** Every column of a message but its bytes. */
export const MESSAGE_COLUMNS = [
  "id",
  "source",
  "state",
  "reason",
  "externalId",
  "event",
  "eventType",
  "contentType",
  "receivedAt",
] as const;

/** One row in the form callers see. */
export function viewMessage(
  row: Pick<MessageRow, (typeof MESSAGE_COLUMNS)[number]> & { readonly bytes: number },
): Static<typeof MessageView> {
  return {
    id: row.id,
    source: row.source,
    state: row.state,
    reason: row.reason,
    reasonText: row.reason === null ? null : (reasons[row.reason as Reason] ?? null),
    externalId: row.externalId,
    event: row.event,
    eventType: row.eventType,
    contentType: row.contentType,
    bytes: row.bytes,
    receivedAt: toRfc3339(row.receivedAt),
  };
}

/** One message with its bytes. */
export const WholeMessageView = Type.Object({
  ...MessageView.properties,
  headers: Type.Array(Type.Object({ name: Type.String(), value: Type.String() }), {
    description: "As they came, in their order; credentials are hidden.",
  }),
  body: Type.String({ description: "The bytes as text where they are UTF-8, else as base64." }),
  bodyEncoding: Type.Union([Type.Literal("utf-8"), Type.Literal("base64")]),
});

/** One row in the form callers see. */
export function viewWholeMessage(row: MessageRow): Static<typeof WholeMessageView> {
  const { body } = row;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const bodyEncoding = isUtf8(bytes) ? "utf-8" : "base64";
  // Written by us, as pairs of texts.
  const pairs = JSON.parse(row.headers) as [string, string][];
  return {
    ...viewMessage({ ...row, bytes: body.byteLength }),
    headers: pairs.map(([name, value]) => ({ name, value })),
    body: bytes.toString(bodyEncoding),
    bodyEncoding,
  };
}
