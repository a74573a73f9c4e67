import { Type } from "typebox";
import { operation } from "portico/kernel";
import { raise } from "../errors.ts";
import { CLOUD_EVENTS, oneCloudEvent, writeCloudEvents } from "../cloud-events-out.ts";
import { EventView, toView } from "../view.ts";

/** `GET /events/{id}` */
export const getEvent = operation({
  id: "events.get",
  method: "GET",
  path: "/events/{id}",
  summary: "Get an event",
  access: "events:read",
  mode: "read",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  description: "With `Accept: application/cloudevents+json` it is answered as a CloudEvent 1.0.",
  replyForms: [oneCloudEvent],
  replies: { 200: EventView },
  errors: ["events.notFound"],
  example: { path: { id: "{events.publish.id}" }, after: ["events.publish"] },
  async handle({ path, caller, ctx }) {
    const event = await ctx.log.find(caller.organization, path.id);
    if (event === undefined) throw raise("events.notFound", { params: { id: path.id } });
    return { ...toView(event), [CLOUD_EVENTS]: () => writeCloudEvents([event], ctx)[0] };
  },
});
