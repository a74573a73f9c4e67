import { Type } from "typebox";
import type { EventTypeDefinition } from "portico/kernel";

const described = Type.Object({
  type: Type.String({ description: "The event type." }),
  version: Type.Integer({ description: "Of its newest schema; 0 while there is none." }),
});
const example = { type: "invoice.sent", version: 1 };

/** What happens to event types. */
export const eventEvents: Readonly<Record<string, EventTypeDefinition>> = {
  "event_type.created": { description: "An event type was described.", data: described, example },
  "event_type.updated": {
    description: "An event type was changed; its schema may be a new version.",
    data: described,
    example: { ...example, version: 2 },
  },
  "event_type.deleted": {
    description: "The description of an event type was deleted.",
    data: Type.Object({ type: Type.String() }),
    example: { type: "invoice.sent" },
  },
};
