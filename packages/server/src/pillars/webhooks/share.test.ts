import type { ServerResponse } from "node:http";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeStore } from "portico/testing";
import { accept, openReceiver } from "./receiver.fixture.ts";
import { fairShare } from "./share.ts";
import { emit, openShop, subscribe } from "./shop.fixture.ts";

describe("fairShare", () => {
  it("lets what is within an organization's share stand by its time alone", () => {
    const share = fairShare();
    const behind = Array.from({ length: 100 }, (_, index) => share("one", index * 2));
    expect(Math.max(...behind)).toBe(0);
  });

  it("lets a newcomer stand at its time, however much others have made (property)", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 2_000 }), (bursts) => {
        const share = fairShare();
        const counts = new Map<string, number>();
        for (const organization of bursts) {
          const before = counts.get(organization) ?? 0;
          counts.set(organization, before + 1);
          expect(share(organization, 0)).toBe(before * 2);
        }
        expect(share("newcomer", 0)).toBe(0);
      }),
    );
  });

  it("holds a bounded number of organizations", () => {
    const share = fairShare();
    for (let index = 0; index < 50_000; index += 1) share(`organization-${index}`, index);
    expect(share("organization-49999", 50_010)).toBe(0);
  });
});

describeStore("an organization that makes more than its share", (open) => {
  it("is stood ahead of by another's next delivery", async () => {
    const held: ServerResponse[] = [];
    await using receiver = await openReceiver((response) => void held.push(response));
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    await subscribe(app, receiver.url, { concurrency: 1 });
    const other = app.as({ organization: "other", permissions: ["*"] });
    const made = await other.post("/webhooks", { url: receiver.url, events: ["shop.*"] });
    expect(made.status).toBe(201);
    await app.spine.log.drained();
    await Promise.all(Array.from({ length: 150 }, () => emit(app)));
    await other.post("/sales", { type: "shop.sold", data: "{}" });
    await receiver.count(2);
    const { rows } = await database.driver.query({
      sql: `select organization, "rank" - created_at as behind from jobs_active where name like 'deliver%' order by "rank"`,
      parameters: [],
    });
    const behind = (organization: string): number[] =>
      rows
        .filter((row) => row["organization"] === organization)
        .map((row) => Number(row["behind"]));
    expect(behind("other")).toEqual([0]);
    expect(Math.max(...behind("default"))).toBeGreaterThan(10);
    receiver.behave = accept;
    for (const response of held) response.writeHead(204).end();
    await receiver.count(151);
  });
});
