// Content is nobody's business: texts of every script, and words that some filter somewhere would stop, pass every
// boundary byte for byte.
import { once } from "node:events";
import { createServer } from "node:http";
import { expect, test } from "vitest";
import { describeStore } from "../../packages/server/src/kernel/testing/describe-store.ts";
import { createTestApp } from "../../packages/server/src/kernel/testing/index.ts";
import { builtIns } from "../../packages/server/src/platform.ts";
import { TEXTS } from "./texts.ts";

describeStore("texts in thirty scripts", (open) => {
  test("reach a webhook byte for byte, from POST /events and through a fronted application", async () => {
    await using receiver = await collect();
    await using shop = await collect();
    await using database = await open();
    const emits = [{ on: { method: "POST", path: "/notes" }, type: "note.fronted" }];
    await using app = await createTestApp({
      plugins: builtIns(),
      driver: database.driver,
      settings: {
        gateway: { apis: [{ id: "app", basePath: "/app", upstream: shop.url, emits }] },
      },
    });
    const { url } = await app.listen("127.0.0.1", 0);
    await app.as().post("/webhooks", { url: receiver.url, events: ["note.*"] });

    const data = JSON.stringify(TEXTS, null, 1);
    const subject = TEXTS.join(" ").slice(0, 200);
    const body = `{"type":"note.written","subject":${JSON.stringify(subject)},"data":${data}}`;
    const headers = { ...app.as().headers, "content-type": "application/json; charset=utf-8" };
    const sent = await fetch(`${url}/api/v1/events`, { method: "POST", headers, body });
    expect(sent.status).toBe(202);
    const { id } = (await sent.json()) as { readonly id: string };
    const stored = (await app.as().get(`/events/${id}`)).json();
    expect(stored).toMatchObject({ subject, data: TEXTS });
    const fronted = await fetch(`${url}/app/notes`, { method: "POST", body: data });
    expect(await fronted.text()).toBe(data);
    await app.settled();

    expect(shop.bodies).toEqual([data]);
    expect(receiver.bodies).toHaveLength(2);
    for (const body of receiver.bodies) expect(body).toContain(`"data":${data}`);
  });

  test("are names of keys and descriptions of webhooks as they were given", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins: builtIns(), driver: database.driver });
    const metadata = Object.fromEntries(TEXTS.map((text) => [text, text]));
    await Promise.all(TEXTS.map((name) => app.as().post("/keys", { name })));
    await app.as().post("/keys", { name: "all", metadata });
    const { data } = (await app.as().get("/keys?limit=100")).json() as {
      readonly data: readonly { readonly name: string; readonly metadata: object }[];
    };
    expect(data.map(({ name }) => name).toSorted()).toEqual([...TEXTS, "all"].toSorted());
    expect(data.find(({ name }) => name === "all")?.metadata).toEqual(metadata);
    const description = TEXTS.slice(-20).join("");
    const hook = { url: "http://127.0.0.1:8000/", events: ["*"], description };
    const made = await app.as().post("/webhooks", hook);
    expect(made.json()).toMatchObject({ description });
  });
});

interface Collector extends AsyncDisposable {
  readonly url: string;
  /** Bodies that came, as text. */
  readonly bodies: string[];
}

/** Answers every body with itself. */
async function collect(): Promise<Collector> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      bodies.push(body.toString());
      response.writeHead(200, { "content-type": "application/json" }).end(body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    bodies,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
