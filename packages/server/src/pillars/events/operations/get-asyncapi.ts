import { Type } from "typebox";
import { operation } from "portico/kernel";
import { asyncApi } from "../asyncapi.ts";
import { allTypes } from "../described-types.ts";

/** `GET /asyncapi`: every event type the organization can meet, as AsyncAPI 3. */
export const getAsyncApi = operation({
  id: "events.asyncapi",
  method: "GET",
  path: "/asyncapi",
  summary: "Describe all event types as AsyncAPI 3",
  description:
    "Those that plugins declare, which `/asyncapi.json` shows to anybody, and those that the organization described.",
  access: "events:read",
  mode: "read",
  replies: { 200: Type.Object({}, { additionalProperties: true }) },
  example: { after: ["events.createType"] },
  handle: async ({ read, ctx }) => asyncApi(await allTypes(ctx, read), ctx),
});
