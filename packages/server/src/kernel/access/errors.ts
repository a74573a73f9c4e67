import { problem, raiser } from "../../base/index.ts";

/** What is refused because of who asks. */
export const accessErrors = {
  "access.unauthenticated": problem(
    401,
    "This needs a credential, and the request carries none that is known here.",
    "Send an API key as `Authorization: Bearer …` or `X-API-Key: …`. The header `WWW-Authenticate` of the answer names every form that this server takes.",
  ),
  "access.twoCredentials": problem(
    400,
    "The request carries {count} credentials; send one.",
    "It is not guessed which one is meant. Remove all but one of the headers that carry a credential.",
  ),
  "access.forbidden": problem(
    403,
    "The caller lacks the permission '{permission}'.",
    "Use a credential that has this permission, or ask whoever issued yours to add it.",
  ),
  "access.restricted": problem(
    403,
    "The credential is kept to a part of the organization ('{restriction}') and reaches nothing else.",
    "It was issued for one purpose, such as a portal link. Only the operations made for it can be called with it.",
  ),
} as const;

/** Makes the refusals of `access.*`, for whoever asks who calls: operations, the gateway, sockets. */
export const raise = raiser(accessErrors);
