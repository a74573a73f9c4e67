import type { IncomingMessage } from "node:http";
import { anonymous } from "../contract/index.ts";
import { createOwnAnswer } from "./own-answer.ts";
import type { HttpOptions } from "./options.ts";
import type { RequestContext } from "./request-context.ts";

/** What nginx writes for a client that left before it was answered. */
const CLIENT_LEFT = 499;

/** Tells metrics and observers of every request on our own paths once its answer is out. Fronts tell of theirs. */
export function createObservation({
  meter,
  observers,
  clock,
  logger,
}: Pick<HttpOptions, "meter" | "observers" | "clock" | "logger">): (
  context: RequestContext,
  request: IncomingMessage,
) => void {
  const duration = meter.histogram(
    "http_server_request_duration_seconds",
    "How long requests took, by route template",
    ["http_request_method", "http_route", "http_response_status_code"],
  );
  return (context, request) => {
    const { response, requestId, route } = context;
    const status = response.headersSent ? response.statusCode : CLIENT_LEFT;
    const durationMs = clock.monotonic() - context.startedMs;
    duration.observe(durationMs / 1_000, {
      http_request_method: request.method ?? "GET",
      http_route: route,
      http_response_status_code: String(status),
    });
    if (observers.length === 0) return;
    const caller = context.caller ?? anonymous;
    const told = createOwnAnswer({ context, request, caller, status, durationMs });
    for (const observer of observers) {
      try {
        observer.answered(told);
      } catch (error) {
        logger.warn({ err: error, requestId }, "a request observer failed");
      }
    }
  };
}
