import { problem, raiser } from "../../base/index.ts";
import type { Raise } from "../../base/index.ts";

/** What the guarded client refuses, and how a call to elsewhere can fail. */
export const outboundErrors = {
  "outbound.refused": problem(
    422,
    "Portico does not call this URL: {reason}",
    "URLs that an organization sets may only lead to public addresses. An operator who means a private network " +
      "lists it in PORTICO_OUTBOUND_ALLOW, for instance 10.1.0.0/16.",
  ),
  "outbound.badRequest": problem(422, "The request cannot be sent: {reason}"),
  "outbound.badNetwork": problem(
    500,
    "'{got}' is not a network; write it as an address and a length, for instance 10.1.0.0/16.",
  ),
  "outbound.unresolved": problem(
    502,
    "The name {host} has no address, or its name server gave no answer.",
  ),
  "outbound.unreachable": problem(502, "No connection to {host} could be made: {reason}"),
  "outbound.failed": problem(
    502,
    "The connection to {host} broke before the answer was whole: {reason}",
  ),
  "outbound.timeout": problem(504, "{host} did not answer in full within {timeoutMs} ms."),
  "outbound.aborted": problem(
    503,
    "The call to {host} was called off before its answer was whole.",
  ),
} as const;

/** Makes problems `outbound.*`. */
export const raise: Raise<typeof outboundErrors> = raiser(outboundErrors);
