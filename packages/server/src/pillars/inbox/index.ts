/**
 * Inbox: a receiver of webhooks within the server, in development only.
 *
 * Nouns: delivery (one request that came), answer (what the inbox does with the next ones: accept, fail, hang, be slow).
 * One delivery: a webhook posts to `/dev/inbox` → the webhooks pillar says which webhook has signed it → it is kept in memory,
 * newest first, with how it was answered. `GET /dev/inbox` is a page that shows them and has the switch; `GET /dev/inbox.json` is
 * the same for programs. In production there is no such path: `platform.ts` does not add the pillar.
 * It emits nothing, owns no table, and needs webhooks.
 */
export { inbox } from "./plugin.ts";
