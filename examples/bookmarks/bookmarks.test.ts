import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { createTestApp } from "portico/testing";
import type { TestApp } from "portico/testing";
import { bookmarks } from "./bookmarks.ts";

interface Seen {
  readonly id: string;
  readonly url: string;
  readonly status: number | null;
}

async function openApp(): Promise<TestApp> {
  return createTestApp({ plugins: [bookmarks], settings: { bookmarks: { titleMax: 20 } } });
}

/** A page that answers with a status. */
async function openPage(status: number): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_, response) => void response.writeHead(status).end());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  assert(typeof address === "object" && address !== null);
  return {
    url: `http://127.0.0.1:${address.port}/`,
    async [Symbol.asyncDispose]() {
      await new Promise((done) => server.close(done));
    },
  };
}

test("a bookmark is kept, announced, and looked at after the commit", async () => {
  await using page = await openPage(404);
  await using app = await openApp();
  const made = await app.as().post("/bookmarks", { url: page.url, title: "Gone" });
  assert.equal(made.status, 201);
  const { id, status } = made.json() as Seen;
  assert.equal(status, null);
  await app.settled();
  const looked = (await app.as().get(`/bookmarks/${id}`)).json() as Seen;
  assert.equal(looked.status, 404);
  const events = await app.events();
  assert.deepEqual(
    events.map(({ type, subject }) => [type, subject]),
    [["bookmark.created", id]],
  );
});

test("refusals name what was wrong and leave nothing behind", async () => {
  await using page = await openPage(200);
  await using app = await openApp();
  const me = app.as();
  const refused = async (body: object): Promise<[number, string]> => {
    const reply = await me.post("/bookmarks", body);
    return [reply.status, (reply.json() as { code: string }).code];
  };
  const title = "A page";
  assert.equal((await me.post("/bookmarks", { url: page.url, title })).status, 201);
  assert.deepEqual(await refused({ url: page.url, title }), [409, "bookmarks.taken"]);
  assert.deepEqual(await refused({ url: "ftp://x/", title }), [422, "bookmarks.badUrl"]);
  const long = { url: `${page.url}a`, title: "long ".repeat(5) };
  assert.deepEqual(await refused(long), [422, "bookmarks.longTitle"]);
  assert.deepEqual(await refused({ url: `${page.url}b` }), [422, "request.invalid"]);
  assert.equal((await app.events()).length, 1);
});

test("a list is read page by page, and one of another organization is not there", async () => {
  await using site = await openPage(200);
  await using app = await openApp();
  const me = app.as();
  for (const name of ["a", "b", "c"]) {
    await me.post("/bookmarks", { url: `${site.url}${name}`, title: name });
  }
  interface Page {
    readonly data: readonly Seen[];
    readonly next: string | null;
  }
  const first = (await me.get("/bookmarks?limit=2")).json() as Page;
  assert.equal(first.data.length, 2);
  const second = (await me.get(`/bookmarks?limit=2&cursor=${first.next}`)).json() as Page;
  assert.deepEqual([second.data.length, second.next], [1, null]);
  const stranger = app.as({ organization: "other", permissions: ["*"] });
  assert.equal((await stranger.get(`/bookmarks/${second.data[0]?.id}`)).status, 404);
});

test("readers do not write, and hosts are counted as bookmarks come and go", async () => {
  await using page = await openPage(200);
  await using app = await openApp();
  const me = app.as();
  const made = await me.post("/bookmarks", { url: `${page.url}a`, title: "a" });
  await me.post("/bookmarks", { url: `${page.url}b`, title: "b" });
  const { id } = made.json() as Seen;
  const path = `/bookmarks/${id}`;
  const reader = app.as({ permissions: ["bookmarks:read"] });
  assert.equal((await reader.delete(path)).status, 403);
  assert.equal((await me.delete(path)).status, 204);
  await app.settled();
  const hosts = (await reader.get("/bookmarked-hosts")).json();
  assert.deepEqual(hosts, { data: [{ host: new URL(page.url).host, count: 1 }], next: null });
});
