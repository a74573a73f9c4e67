/**
 * Sources: webhooks of others, verified, stored and made events of.
 *
 * Nouns: source (an organization's endpoint for one sender), provider (how a sender signs, a row of `providers/`),
 * message (one request as it came, byte for byte), quarantine (messages that are not accepted, with the reason).
 * One message: `POST /in/{source}` → its bytes are read as they are → the signature is verified over them (`verification/`)
 * → message and event `{eventPrefix}.{type}` are one durable append → 202. The same message again answers 200 and makes no
 * second event. A refused one is quarantined and answered 401; it can be released by hand.
 * Nothing is dropped in silence: what finds no room in the quarantine is told so (429) and counted.
 * Emits source.created, .updated, .deleted and whatever comes in. It needs no other pillar: webhooks read the log.
 */
export { sources } from "./plugin.ts";
