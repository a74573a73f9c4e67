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
