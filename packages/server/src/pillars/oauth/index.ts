/**
 * OAuth: applications of others act for users, or for themselves, within scopes.
 *
 * Nouns: client (an application that is registered, public or confidential), scope (a permission), consent (what a user has
 * allowed a client), sign-in (one authorization, with its code and tokens), access token (signed, RFC 9068), refresh token.
 * One sign-in: `/oauth/authorize` → the engine checks client, address and PKCE → page for signing in, page for consent →
 * code → `/oauth/token`, where the database decides who was first → tokens. One request with a token: its signature, once →
 * client, sign-in, person and membership from memory, looked at again when the change feed tells of one of them → the caller.
 * The engine stands behind `engine.ts`: the protocols are its own, rows, users, sessions, keys and pages are not.
 * It needs `identity@1`.
 */
export { oauth } from "./plugin.ts";
