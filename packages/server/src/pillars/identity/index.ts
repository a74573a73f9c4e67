/**
 * Identity: who is calling, and what they may do.
 *
 * Nouns: person (an account), session (one sign-in on one device), access token (a signed statement of a session, RFC 9068),
 * refresh token (renews it, once), organization (the tenant), membership, team, role (a named set of permissions), grant (a
 * permission over one resource, or its denial), invitation, service account, factor (a second proof).
 * Rooms: `people` (accounts and passwords), `organizations` (who belongs where, and what that allows), `sessions` (sign-in, tokens,
 * cookies, signing keys), `factors` (one-time and recovery codes).
 * One sign-in: name and password → brakes → Argon2id off the event loop → session and refresh token are one durable
 * transaction → tokens. One request: the token's signature, once → session, person and holding from memory, dropped by the
 * change feed → the caller.
 * It offers `identity@1`, and sends mail through `mail@1`.
 */
export type { IdentityFace } from "./capability.ts";
export type { Holding, Membership, OrganizationsFace } from "./organizations/face.ts";
export type { PeopleFace, Person } from "./people/face.ts";
export { identity } from "./plugin.ts";
export type { NewSession, OpenedSession, SessionsFace } from "./sessions/face.ts";
