import { redactFields, statement } from "portico/kernel";
import type { Append, Origin } from "portico/kernel";
import { dataTypeOf, sentTypeOf } from "./data-type.ts";
import type { MessageState, SourceTables } from "./tables.ts";
import type { Message, Reason } from "./verification/index.ts";

type MessageValues = Readonly<{
  id: string;
  source: string;
  state: MessageState;
  identity: string | null;
  externalId: string | null;
  event: string | null;
  eventType: string;
  reason: string | null;
  contentType: string;
  headers: string;
  body: Uint8Array;
  receivedAt: number;
  trace: string;
  cause: string;
}>;

const insertMessage = statement<MessageValues, SourceTables>("sources.insertMessage", (db, param) =>
  db
    .insertInto("sources_messages")
    .values({
      id: param("id"),
      source: param("source"),
      state: param("state"),
      identity: param("identity"),
      externalId: param("externalId"),
      event: param("event"),
      eventType: param("eventType"),
      reason: param("reason"),
      contentType: param("contentType"),
      headers: param("headers"),
      body: param("body"),
      receivedAt: param("receivedAt"),
      trace: param("trace"),
      cause: param("cause"),
    })
    .onConflict((conflict) => conflict.doNothing()),
);

/** A message whose fate is known. */
export interface Judged {
  readonly id: string;
  readonly source: string;
  readonly message: Message;
  readonly rawHeaders: readonly string[];
  readonly eventType: string;
  readonly externalId: string | null;
  /** What {@link MessageValues} has; null in quarantine. */
  readonly identity: string | null;
  /** Why it is not accepted; null when it is. */
  readonly reason: Reason | null;
  readonly receivedAt: number;
  readonly origin: Origin;
}

/**
 * Writes one message, and its event when it is accepted, into one batch. The batch fails as `store.conflict` when the
 * message was accepted before.
 */
export function writeMessage(batch: Append, judged: Judged): void {
  const { message, reason, origin, id } = judged;
  const event = reason === null ? emitMessage(batch, judged) : null;
  const values = {
    id,
    source: judged.source,
    state: reason === null ? "accepted" : "quarantined",
    identity: judged.identity,
    externalId: judged.externalId,
    event,
    eventType: judged.eventType,
    reason,
    contentType: sentTypeOf(message),
    headers: JSON.stringify(shownHeaders(judged.rawHeaders)),
    body: message.body,
    receivedAt: judged.receivedAt,
    trace: origin.trace,
    cause: origin.cause,
  } as const;
  batch.write(insertMessage, values, 1);
}

function emitMessage(batch: Append, { message, eventType, id, origin }: Judged): string {
  return batch.emit(eventType, message.body, {
    contentType: dataTypeOf(message),
    subject: id,
    origin: { ...origin, cause: id },
  });
}

/** Headers as pairs, in the order of the wire, with what could be used again hidden. */
function shownHeaders(rawHeaders: readonly string[]): readonly (readonly [string, unknown])[] {
  const pairs: [string, unknown][] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    pairs.push([name, Object.values(redactFields({ [name]: rawHeaders[index + 1] ?? "" }))[0]]);
  }
  return pairs;
}
