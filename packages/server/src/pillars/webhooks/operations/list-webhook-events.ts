import { Type } from "typebox";
import { operation, toRfc3339 } from "portico/kernel";
import { OWNER } from "../owner.ts";
import { raise } from "../errors.ts";
import { readExact } from "../envelope.ts";
import { findWebhook } from "../find.ts";
import type { WebhookTables } from "../tables.ts";
import { DeliveryView, viewDelivery } from "../view.ts";

const EventPart = Type.Object({
  id: Type.String(),
  type: Type.String(),
  at: Type.String({ format: "date-time" }),
  data: Type.Unknown(),
});

/** `GET /webhooks/{id}/events`: what was and will be delivered, oldest first; with `after`, an endpoint to poll. */
export const listWebhookEvents = operation({
  id: "webhooks.listEvents",
  method: "GET",
  path: "/webhooks/{id}/events",
  summary: "List what a webhook was sent and will be sent",
  description:
    "In the order of the log. `next` is never null: give it as `after` to be told what came since, as often as you " +
    "like. A receiver that was away can catch up here without any delivery.",
  access: "webhooks:read",
  mode: "read",
  keepsTo: [OWNER],
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  query: Type.Object(
    {
      after: Type.Optional(Type.String({ maxLength: 512 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 50 })),
    },
    { additionalProperties: false },
  ),
  replies: {
    200: Type.Object({
      data: Type.Array(
        Type.Object({
          position: Type.Integer({ description: "1, 2, 3, … within the webhook, without gaps." }),
          delivery: DeliveryView,
          event: Type.Union([EventPart, Type.Null()], {
            description: "Null when the event is no longer kept.",
          }),
        }),
      ),
      next: Type.String(),
    }),
  },
  errors: ["webhooks.notFound", "webhooks.badPosition"],
  example: {
    path: { id: "{webhooks.create.id}" },
    query: { limit: "10" },
    after: ["webhooks.create"],
  },
  async handle({ path, query, caller, read, ctx }) {
    const { organization } = caller;
    const { id } = await findWebhook(read, path.id, caller);
    const place = [organization, "webhooks", "after", id];
    const after = query.after === undefined ? 0 : openPosition(query.after, place, ctx.secrets);
    const rows = await read
      .db<WebhookTables>()
      .selectFrom("webhooks_deliveries")
      .selectAll()
      .where("webhook", "=", id)
      .where("position", ">", after)
      .orderBy("position")
      .limit(query.limit ?? 50)
      .execute();
    const events = await Promise.all(rows.map((row) => ctx.log.find(organization, row.event)));
    return {
      data: rows.map((row, index) => {
        const event = events[index];
        return {
          position: row.position,
          delivery: viewDelivery(row),
          event:
            event === undefined
              ? null
              : { id: event.id, type: event.type, at: toRfc3339(event.at), data: readExact(event) },
        };
      }),
      next: ctx.secrets.seal(String(rows.at(-1)?.position ?? after), place),
    };
  },
});

function openPosition(
  sealed: string,
  place: readonly string[],
  secrets: { open(sealed: string, place: readonly string[]): string },
): number {
  try {
    return Number(secrets.open(sealed, place));
  } catch (cause) {
    throw raise("webhooks.badPosition", { cause });
  }
}
