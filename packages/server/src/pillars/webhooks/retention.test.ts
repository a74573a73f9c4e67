import { expect, it } from "vitest";
import { describeStore } from "portico/testing";
import { answer, openReceiver } from "./receiver.fixture.ts";
import { undeliveredEvents } from "./retention.ts";
import { deliveriesOf, emit, openShop, subscribe } from "./shop.fixture.ts";

describeStore("deliveries of old events", (open) => {
  it("go with their event, attempts and all; those of other events and of other organizations stay", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, receiver.url, { events: ["shop.*"] });
    const old = await emit(app);
    const young = await emit(app);
    await app.settled();
    const ctx = app.context("webhooks");
    const organization = "default";
    await undeliveredEvents.letGo?.({ organization: "another", events: [old, young] }, ctx);
    expect(await deliveriesOf(app.as(), id)).toHaveLength(2);
    await undeliveredEvents.letGo?.({ organization, events: [old] }, ctx);
    const kept = await deliveriesOf(app.as(), id);
    expect(kept.map(({ event }) => event)).toEqual([young]);
    const { rows } = await database.driver.query({
      sql: "select delivery from webhooks_attempts",
      parameters: [],
    });
    expect(rows).toEqual([{ delivery: kept[0]?.id }]);
  });

  it("that still wait are needed, so their event stays", async () => {
    await using receiver = await openReceiver(answer(503));
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    await subscribe(app, receiver.url, { events: ["shop.*"] });
    const event = await emit(app);
    await app.settled();
    const organization = "default";
    const query = { organization, events: [event] };
    expect(await undeliveredEvents.needed(query, app.context("webhooks"))).toEqual([event]);
  });
});
