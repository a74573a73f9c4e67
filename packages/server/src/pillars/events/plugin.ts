import { add, CliVerbs, definePlugin, Timeline } from "portico/kernel";
import type { AnyPlugin } from "portico/kernel";
import { eventsTailVerb } from "./cli/tail.ts";
import { triggerVerb } from "./cli/trigger.ts";
import { eventErrors } from "./errors.ts";
import { getEvent } from "./operations/get-event.ts";
import { getThread } from "./operations/get-thread.ts";
import { listEvents } from "./operations/list-events.ts";
import { publishEvent } from "./operations/publish-event.ts";
import { publishEvents } from "./operations/publish-events.ts";
import { eventPermissions } from "./permissions.ts";
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
  operations: [publishEvent, publishEvents, listEvents, getEvent, getThread],
  contributes: [
    add(Timeline, eventsOfThread),
    add(CliVerbs, eventsTailVerb),
    add(CliVerbs, triggerVerb),
  ],
});
