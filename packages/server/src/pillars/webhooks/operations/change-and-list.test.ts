// What of a webhook may be changed, one field at a time or all at once, and its deliveries page by page.
import { describeStore } from "portico/testing";
import { expect, it } from "vitest";
import { openReceiver } from "../receiver.fixture.ts";
import { emit, openShop, subscribe } from "../shop.fixture.ts";

interface Page {
  readonly data: readonly { readonly id: string; readonly state: string }[];
  readonly next: string | null;
}

describeStore("PATCH /webhooks/{id}", (open) => {
  it("200 changes address, events, text, fields and whether it is on, and keeps what is not named", async () => {
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, "http://127.0.0.1:8080/a", {
      slug: "books",
      active: false,
    });
    const path = `/webhooks/${id}`;
    const changed = await app.as().patch("/webhooks/books", {
      url: "http://127.0.0.1:8080/b",
      events: ["shop.sold"],
      description: "Bookkeeping",
      headers: { "X-Tenant": "acme" },
      active: true,
    });
    expect(changed.json()).toMatchObject({
      url: "http://127.0.0.1:8080/b",
      events: ["shop.sold"],
      description: "Bookkeeping",
      active: true,
    });
    const off = (await app.as().patch(path, { active: false })).json();
    expect(off).toMatchObject({ active: false, events: ["shop.sold"] });
    // The same again changes nothing of it.
    expect((await app.as().patch(path, { active: false })).json()).toMatchObject({ active: false });
  });

  it("422 for an address that may not be called, and nothing is changed", async () => {
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, "http://127.0.0.1:8080/a");
    const refused = await app
      .as()
      .patch(`/webhooks/${id}`, { url: "http://10.0.0.1/", description: "x" });
    expect([refused.status, refused.json()]).toMatchObject([422, { code: "webhooks.badUrl" }]);
    const shown = (await app.as().get(`/webhooks/${id}`)).json();
    expect(shown).toMatchObject({ url: "http://127.0.0.1:8080/a", description: "" });
  });
});

describeStore("GET /webhooks/{id}/deliveries", (open) => {
  it("200 pages through all of them once, newest first, or those of one state", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, receiver.url);
    for (let count = 0; count < 3; count += 1) await emit(app);
    await app.settled();
    const list = async (query: string): Promise<Page> =>
      (await app.as().get(`/webhooks/${id}/deliveries${query}`)).json() as Page;
    const first = await list("?limit=2");
    const rest = await list(`?limit=2&cursor=${encodeURIComponent(first.next ?? "")}`);
    const seen = [...first.data, ...rest.data].map((each) => each.id);
    expect(seen).toEqual((await list("")).data.map((each) => each.id));
    expect([new Set(seen).size, rest.next]).toEqual([3, null]);
    expect((await list("?state=delivered")).data).toHaveLength(3);
    expect((await list("?state=pending")).data).toEqual([]);
  });
});
