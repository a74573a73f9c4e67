import { Buffer } from "node:buffer";
import { Type } from "typebox";
import { operation } from "portico/kernel";
import type { Caller, Origin, PluginContext } from "portico/kernel";
import type { Deliverable } from "../envelope.ts";
import { raise } from "../errors.ts";
import { findWebhook } from "../find.ts";
import { OWNER } from "../owner.ts";
import { send } from "../send.ts";
import { stateOf } from "../state.ts";
import { AttemptView, viewAttempt } from "../view.ts";

const TEST_TYPE = "webhook.test";

/** `POST /webhooks/{id}/test`: one signed example event, sent now. */
export const testWebhook = operation({
  id: "webhooks.test",
  method: "POST",
  path: "/webhooks/{id}/test",
  summary: "Send an example event now",
  description:
    "Sends one signed example to the URL, whether the webhook is enabled or not, and answers what came of it. It is no " +
    "event of the log and no delivery: it has the position 0 and is not tried again.",
  access: "webhooks:write",
  mode: "write",
  keepsTo: [OWNER],
  limits: ["20/min"],
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  body: Type.Object(
    {
      type: Type.Optional(
        Type.String({ pattern: "^[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*$", maxLength: 128 }),
      ),
      data: Type.Optional(
        Type.Unknown({ description: 'Any JSON; `{"test":true}` when left out.' }),
      ),
    },
    { additionalProperties: false },
  ),
  bodyBytesMax: 262_144,
  replies: {
    200: Type.Object({
      ...AttemptView.properties,
      delivered: Type.Boolean(),
      event: Type.String({ description: "What was sent as `webhook-id`." }),
    }),
  },
  errors: ["webhooks.notFound"],
  example: { path: { id: "{webhooks.create.id}" }, body: {}, after: ["webhooks.create"] },
  async prepare({ path, body, caller, origin, read, ctx }) {
    const { id } = await findWebhook(read, path.id, caller);
    const event = exampleEvent(body, { ctx, origin });
    return await attemptOnce({ id, event, caller, ctx });
  },
  async handle({ prepared }) {
    return await Promise.resolve(prepared);
  },
});

function exampleEvent(
  { type = TEST_TYPE, data = { test: true } }: { readonly type?: string; readonly data?: unknown },
  { ctx, origin }: { readonly ctx: PluginContext; readonly origin: Origin },
): Deliverable {
  return {
    id: ctx.makeId("evt"),
    type,
    subject: null,
    key: null,
    channels: [],
    data: Buffer.from(JSON.stringify(data)),
    contentType: "application/json",
    at: ctx.clock.now(),
    ...origin,
  };
}

interface Attempt {
  readonly id: string;
  readonly event: Deliverable;
  readonly caller: Caller;
  readonly ctx: PluginContext;
}

async function attemptOnce({ id, event, caller, ctx }: Attempt): Promise<object> {
  const { targets } = stateOf(ctx);
  // By another's change that this process has not been told of yet, a test would mislead.
  targets.drop(id);
  const target = await targets.get(caller.organization, id);
  if (target === undefined) throw raise("webhooks.notFound", { params: { id } });
  const { signal } = new AbortController();
  const { verdict, ...measured } = await send({ event, position: 0, target }, { ctx, signal });
  const isDelivered = verdict.kind === "delivered";
  const error = isDelivered ? null : verdict.error;
  const row = { delivery: "", id: ctx.makeId("attempt"), error, ...measured };
  return { ...viewAttempt(row), delivered: isDelivered, event: event.id };
}
