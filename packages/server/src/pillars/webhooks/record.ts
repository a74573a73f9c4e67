import type { Kysely } from "kysely";
import type { Append, Statement } from "portico/kernel";
import type { AttemptRow, DeliveryState, WebhookTables } from "./tables.ts";

type AttemptParams = Readonly<{ [TKey in keyof AttemptRow]: AttemptRow[TKey] }>;

const insertAttempt: Statement<AttemptParams> = {
  name: "webhooks.insertAttempt",
  build: (db, param) =>
    (db as unknown as Kysely<WebhookTables>).insertInto("webhooks_attempts").values({
      delivery: param("delivery"),
      id: param("id"),
      startedAt: param("startedAt"),
      durationMs: param("durationMs"),
      status: param("status"),
      error: param("error"),
      address: param("address"),
      responseBody: param("responseBody"),
    }),
};

/** What an attempt made of its delivery. */
export type Progress = Readonly<{
  id: string;
  round: number;
  state: DeliveryState;
  tries: number;
  attempts: number;
  nextAt: number | null;
  lastStatus: number | null;
  lastError: string | null;
  updatedAt: number;
}>;

const updateDelivery: Statement<Progress> = {
  name: "webhooks.updateDelivery",
  build: (db, param) =>
    (db as unknown as Kysely<WebhookTables>)
      .updateTable("webhooks_deliveries")
      .set({
        state: param("state"),
        tries: param("tries"),
        attempts: param("attempts"),
        nextAt: param("nextAt"),
        lastStatus: param("lastStatus"),
        lastError: param("lastError"),
        updatedAt: param("updatedAt"),
      })
      .where("id", "=", param("id"))
      .where("round", "=", param("round")),
};

const setState: Statement<{ id: string; round: number; state: DeliveryState; updatedAt: number }> =
  {
    name: "webhooks.setState",
    build: (db, param) =>
      (db as unknown as Kysely<WebhookTables>)
        .updateTable("webhooks_deliveries")
        .set({ state: param("state"), nextAt: null, updatedAt: param("updatedAt") })
        .where("id", "=", param("id"))
        .where("round", "=", param("round")),
  };

/** Writes an attempt and what it made of its delivery; a delivery that somebody has begun anew keeps its state. */
export function recordAttempt(batch: Append, attempt: AttemptRow, progress: Progress): void {
  batch.write(insertAttempt, { ...attempt }, 1);
  batch.write(updateDelivery, progress);
}

/** Ends a round without an attempt: the webhook is disabled or gone. */
export function recordState(
  batch: Append,
  state: { id: string; round: number; state: DeliveryState; updatedAt: number },
): void {
  batch.write(setState, state);
}

const fencePause: Statement<{ webhook: string; until: number }> = {
  name: "webhooks.fencePause",
  build: (db, param) =>
    (db as unknown as Kysely<WebhookTables>)
      .updateTable("webhooks_health")
      .set((row) => ({ parkings: row("parkings", "+", 1) }))
      .where("webhook", "=", param("webhook"))
      .where("pausedUntil", "=", param("until")),
};

const park: Statement<{ id: string; round: number; parkedAt: number; nextAt: number }> = {
  name: "webhooks.park",
  build: (db, param) =>
    (db as unknown as Kysely<WebhookTables>)
      .updateTable("webhooks_deliveries")
      .set({ parkedAt: param("parkedAt"), nextAt: param("nextAt") })
      .where("id", "=", param("id"))
      .where("round", "=", param("round")),
};

/** Lets a delivery wait without a job; refused when the pause is over or another: then nobody would release it. */
export function recordParked(
  batch: Append,
  delivery: { readonly id: string; readonly round: number },
  pause: { readonly webhook: string; readonly until: number; readonly now: number },
): void {
  const { webhook, until, now } = pause;
  batch.write(fencePause, { webhook, until }, 1);
  batch.write(park, { id: delivery.id, round: delivery.round, parkedAt: now, nextAt: until });
}

const endLine: Statement<{ webhook: string; line: string; wakes: number }> = {
  name: "webhooks.endLine",
  build: (db, param) =>
    (db as unknown as Kysely<WebhookTables>)
      .deleteFrom("webhooks_lines")
      .where("webhook", "=", param("webhook"))
      .where("orderKey", "=", param("line"))
      .where("wakes", "=", param("wakes")),
};

/** Ends the work on a line; refused when something joined it since. */
export function recordLineEnd(
  batch: Append,
  line: { readonly webhook: string; readonly line: string; readonly wakes: number },
): void {
  batch.write(endLine, { webhook: line.webhook, line: line.line, wakes: line.wakes }, 1);
}

const dropLine: Statement<{ webhook: string; line: string }> = {
  name: "webhooks.dropLine",
  build: (db, param) =>
    (db as unknown as Kysely<WebhookTables>)
      .deleteFrom("webhooks_lines")
      .where("webhook", "=", param("webhook"))
      .where("orderKey", "=", param("line")),
};

const setLineState: Statement<{
  webhook: string;
  line: string;
  from: DeliveryState;
  state: DeliveryState;
  after: number;
  error: string | null;
  updatedAt: number;
}> = {
  name: "webhooks.setLineState",
  build: (db, param) =>
    (db as unknown as Kysely<WebhookTables>)
      .updateTable("webhooks_deliveries")
      .set({
        state: param("state"),
        nextAt: null,
        parkedAt: null,
        lastError: param("error"),
        updatedAt: param("updatedAt"),
      })
      .where("webhook", "=", param("webhook"))
      .where("orderKey", "=", param("line"))
      .where("state", "=", param("from"))
      .where("position", ">", param("after")),
};

/** What of a line is ended together. */
export interface LineRest {
  readonly webhook: string;
  readonly line: string;
  readonly state: DeliveryState;
  /** Only what comes after this position. */
  readonly after: number;
  readonly error: string | null;
  readonly now: number;
}

/** Ends what still waits in a line. */
export function recordLineRest(batch: Append, rest: LineRest): void {
  const { now, ...others } = rest;
  batch.write(setLineState, { ...others, from: "pending", updatedAt: now });
}

/** Gives a line up whose job was set aside: the next event begins it anew. */
export function recordLineLost(batch: Append, rest: LineRest): void {
  recordLineRest(batch, rest);
  batch.write(dropLine, { webhook: rest.webhook, line: rest.line });
}
