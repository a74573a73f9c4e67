import { expect, it } from "vitest";
import { describeStore, fakeClock } from "../testing/index.ts";
import { Idempotency } from "./idempotency.ts";
import { httpSchema } from "./schema.ts";

const DAY_MS = 86_400_000;

describeStore("a purge of old answers", (open) => {
  it("keeps those of an operation with a rule of its own for as long as that says, in every organization", async () => {
    await using database = await open({ owners: [httpSchema] });
    const { driver } = database;
    const clock = fakeClock();
    const now = clock.now();
    for (const organization of ["acme", "globex"]) {
      for (const [operation, days] of [
        ["notes.create", 0.5],
        ["notes.create", 2],
        ["events.publish", 2],
        ["events.publish", 8],
      ] as const) {
        await driver.transaction((tx) =>
          tx.execute({
            sql: `insert into http_idempotency
              (organization, subject, operation, idempotency_key, fingerprint, status, body, headers, created_at)
              values ('${organization}', 's', '${operation}', 'k${days}', 'f', 200, null, '{}', ${now - days * DAY_MS})`,
            parameters: [],
          }),
        );
      }
    }
    const idempotency = new Idempotency({ driver } as never, clock);
    expect(await idempotency.purge(new Map([["events.publish", 7 * DAY_MS]]))).toBe(4);
    const { rows } = await driver.query({
      sql: "select organization, operation, idempotency_key from http_idempotency order by 1, 2",
      parameters: [],
    });
    expect(rows.map((row) => Object.values(row).join(" "))).toEqual([
      "acme events.publish k2",
      "acme notes.create k0.5",
      "globex events.publish k2",
      "globex notes.create k0.5",
    ]);
    expect(await idempotency.purge()).toBe(2);
  });
});
