import { Buffer } from "node:buffer";
import { cloudEventBytes, ownUrl } from "portico/kernel";
import type { LogEvent, PluginContext, ReplyForm } from "portico/kernel";
import { isObject } from "./schema/index.ts";

/** Under which `handle` leaves what the forms below write; not part of the JSON answer. */
export const CLOUD_EVENTS = Symbol("events.cloudEvents");

/** The `source` of events that did not come as CloudEvents. */
function sourceOf({ server }: PluginContext): string {
  return ownUrl(server);
}

/** One event as `application/cloudevents+json`. */
export const oneCloudEvent: ReplyForm = {
  mediaType: "application/cloudevents+json",
  write: (value) => ({ text: String(told(value)) }),
};

/** A page as `application/cloudevents-batch+json`; the next page is told by `Link`. */
export const cloudEventBatch: ReplyForm = {
  mediaType: "application/cloudevents-batch+json",
  write: (value, { query }) => {
    const next = isObject(value) ? value["next"] : undefined;
    if (typeof next !== "string") return { text: String(told(value)) };
    const filters = isObject(query) ? Object.entries(query) : [];
    const texts = filters.map(([name, filter]): [string, string] => [name, String(filter)]);
    const parameters = new URLSearchParams([
      ...texts.filter(([name]) => name !== "cursor"),
      ["cursor", next],
    ]);
    return {
      text: String(told(value)),
      headers: { link: `<?${parameters.toString()}>; rel="next"` },
    };
  },
};

/** Events in structured mode, each with the bytes of its data. */
export function writeCloudEvents(
  events: readonly LogEvent[],
  ctx: PluginContext,
): readonly string[] {
  const source = sourceOf(ctx);
  return events.map((event) => Buffer.from(cloudEventBytes(event, source)).toString());
}

function told(value: unknown): unknown {
  const write = isObject(value) ? (value as Record<symbol, unknown>)[CLOUD_EVENTS] : undefined;
  if (typeof write !== "function") throw new TypeError("The answer has no CloudEvents.");
  return (write as () => string)();
}
