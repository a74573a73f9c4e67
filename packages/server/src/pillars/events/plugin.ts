import {
  add,
  CliVerbs,
  definePlugin,
  EventJudges,
  Pages,
  Statistics,
  Timeline,
} from "portico/kernel";
import type { AnyPlugin } from "portico/kernel";
import { asyncApiPage } from "./asyncapi.ts";
import { eventsTailVerb } from "./cli/tail.ts";
import { triggerVerb } from "./cli/trigger.ts";
import { typesVerb } from "./cli/types.ts";
import { eventErrors } from "./errors.ts";
import { eventEvents } from "./events.ts";
import { createEventTypes } from "./migrations/0001-create-event-types.ts";
import { createEventType } from "./operations/create-event-type.ts";
import { deleteEventType } from "./operations/delete-event-type.ts";
import { getEventType } from "./operations/get-event-type.ts";
import { listEventTypes } from "./operations/list-event-types.ts";
import { updateEventType } from "./operations/update-event-type.ts";
import { getAsyncApi } from "./operations/get-asyncapi.ts";
import { getEvent } from "./operations/get-event.ts";
import { getThread } from "./operations/get-thread.ts";
import { listParkedEvents } from "./operations/list-parked-events.ts";
import { retryParkedEvents } from "./operations/retry-parked-events.ts";
import { listEvents } from "./operations/list-events.ts";
import { publishEvent } from "./operations/publish-event.ts";
import { publishEvents } from "./operations/publish-events.ts";
import { eventPermissions } from "./permissions.ts";
import { bySchema } from "./judge-event.ts";
import { retentionOf } from "./retention.ts";
import { eventsPublished } from "./statistics.ts";
import { EventSettings } from "./settings.ts";
import { eventsOfThread } from "./timeline.ts";

/** The log of an organization, as host applications and people meet it. */
export const events: AnyPlugin = definePlugin({
  id: "events",
  version: "1.0.0",
  engine: "^1",
  settings: EventSettings,
  permissions: eventPermissions,
  errors: eventErrors,
  events: eventEvents,
  tables: {
    events_types: "organization",
    events_schemas: "organization",
    events_keys: "organization",
  },
  migrations: [createEventTypes],
  operations: [
    publishEvent,
    publishEvents,
    listEvents,
    getEvent,
    getThread,
    createEventType,
    listEventTypes,
    getEventType,
    updateEventType,
    deleteEventType,
    listParkedEvents,
    retryParkedEvents,
    getAsyncApi,
  ],
  contributes: [
    add(EventJudges, bySchema),
    add(Timeline, eventsOfThread),
    add(Pages, asyncApiPage),
    add(CliVerbs, typesVerb),
    add(CliVerbs, eventsTailVerb),
    add(CliVerbs, triggerVerb),
    add(Statistics, eventsPublished),
  ],
  start: (ctx) => Promise.resolve({ stop: ctx.log.retain(retentionOf(ctx)) }),
});
