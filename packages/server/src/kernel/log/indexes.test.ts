import { expect, it } from "vitest";
import type { LogQuery } from "../contract/index.ts";
import type { DriverStatement } from "../store/index.ts";
import { describeStore } from "../testing/index.ts";
import { openSpine, testOrigin } from "../testing/spine.ts";
import { createReader } from "./query.ts";

const acme = { organization: "acme" };

// What is asked of the log all day must not walk all of it.
describeStore("reads of the log", (open) => {
  it.each<readonly [string, string, LogQuery]>([
    ["of one type", "log_events_type", { ...acme, types: ["rare"], order: "newest", limit: 50 }],
    ["of a subject", "log_events_subject", { ...acme, subject: "s7", order: "newest", limit: 50 }],
    ["of a trace", "log_events_trace", { ...acme, trace: testOrigin.trace, limit: 50 }],
    // PostgreSQL may as well read all positions backward, while an organization has a good part of them.
    [
      "of an organization",
      "log_events_(?:order|seq)|PRIMARY KEY",
      { ...acme, order: "newest", limit: 50 },
    ],
  ])("%s are found by the index %s", async (_what, index, query) => {
    await using spine = await openSpine(open);
    const { driver } = spine.hub;
    await spine.log.start();
    for (const organization of ["acme", "globex"]) {
      const origin = (turn: number): typeof testOrigin => ({
        ...testOrigin,
        trace: String(turn % 10).repeat(32),
      });
      await spine.hub.append({ scope: { organization }, origin: testOrigin }, (session) => {
        const batch = session.as("notes");
        for (let turn = 0; turn < 900; turn += 1) {
          batch.emit(`type.${turn % 9}`, {}, { subject: `s${turn}`, origin: origin(turn) });
        }
      });
    }
    await spine.log.drained();
    await driver.migrate((tx) => tx.execute({ sql: "analyze", parameters: [] }).then(() => {}));
    const asked: DriverStatement[] = [];
    const reader = createReader({
      ...driver,
      query: (statement) => {
        asked.push(statement);
        return driver.query(statement);
      },
    });
    await reader.page(query);
    const [{ sql, parameters } = { sql: "", parameters: [] }] = asked;
    const explain = driver.dialect === "sqlite" ? "explain query plan" : "explain";
    const plan = await driver.query({ sql: `${explain} ${sql}`, parameters });
    expect(JSON.stringify(plan.rows)).toMatch(new RegExp(index));
  });
});
