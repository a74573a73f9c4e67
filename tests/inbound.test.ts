// What comes in goes out: a message that Stripe's own library has signed becomes an event, which a webhook delivers signed
// anew, and the thread shows it all.
import { once } from "node:events";
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";
import { expect, test } from "vitest";
import { verify } from "../packages/client/src/index.ts";
import { describeStore } from "../packages/server/src/kernel/testing/describe-store.ts";
import { createTestApp } from "../packages/server/src/kernel/testing/index.ts";
import { builtIns } from "../packages/server/src/platform.ts";

interface Received {
  readonly headers: Record<string, string>;
  readonly body: string;
}

async function openReceiver(): Promise<
  AsyncDisposable & { readonly url: string; readonly received: readonly Received[] }
> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      received.push({ headers: request.headers as Record<string, string>, body });
      response.writeHead(204).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("no port was given");
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    received,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

interface Entry {
  readonly kind: string;
  readonly id: string;
  readonly cause: string | null;
}

describeStore("what comes in by a source", (open) => {
  test("is delivered to webhooks with its very bytes: request → message → event → delivery → attempt", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await createTestApp({ plugins: builtIns(), driver: database.driver });
    const signing = "whsec_of_the_account";
    const source = await app.as().post("/sources", { provider: "stripe", secret: signing });
    const { address } = source.json() as { readonly address: string };
    const hook = await app.as().post("/webhooks", { url: receiver.url, events: ["stripe.*"] });
    const { secret } = hook.json() as { readonly secret: string };
    await app.settled();

    const { url } = await app.listen("127.0.0.1", 0);
    const payload =
      '{ "id": "evt_1", "type": "invoice.paid", "amount": 1.0, "n": 12345678901234567890 }';
    const sent = await fetch(address.replace("http://portico.test", url), {
      method: "POST",
      headers: {
        "content-type": "application/json; charset=utf-8",
        "stripe-signature": Stripe.webhooks.generateTestHeaderString({ payload, secret: signing }),
      },
      body: payload,
    });
    expect(sent.status).toBe(202);
    await app.settled();

    expect(receiver.received).toHaveLength(1);
    const [delivered] = receiver.received;
    const body = new Webhook(secret).verify(delivered?.body ?? "", delivered?.headers ?? {});
    expect(body).toMatchObject({ type: "stripe.invoice.paid" });
    expect(delivered?.body).toContain(payload);
    const whole = { headers: delivered?.headers ?? {}, body: delivered?.body ?? "" };
    const event = await verify(whole, secret);
    expect(event).toMatchObject({
      id: delivered?.headers["webhook-id"],
      type: "stripe.invoice.paid",
    });
    await expect(verify({ ...whole, body: `${whole.body} ` }, secret)).rejects.toMatchObject({
      code: "wrongSignature",
    });

    const thread = await app.as().get(`/events/${delivered?.headers["webhook-id"]}/thread`);
    const entries = (thread.json() as { readonly data: readonly Entry[] }).data;
    expect(entries.map(({ kind }) => kind)).toEqual([
      "request",
      "message",
      "event",
      "delivery",
      "attempt",
    ]);
    for (const [index, { cause }] of entries.slice(1).entries()) {
      expect(cause).toBe(entries[index]?.id);
    }
  });

  test("cannot write itself other members into a delivery, whatever it says that it is", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await createTestApp({ plugins: builtIns(), driver: database.driver });
    const signing = "whsec_of_the_account";
    const source = await app.as().post("/sources", { provider: "stripe", secret: signing });
    const { id } = source.json() as { readonly id: string };
    await app.as().post("/webhooks", { url: receiver.url, events: ["stripe.*"] });
    await app.settled();
    const payload = '1},"type":"key.revoked","data":{"x":1';
    const reply = await app.inject({
      method: "POST",
      url: `/in/${id}`,
      headers: {
        "content-type": "application/json",
        "stripe-signature": Stripe.webhooks.generateTestHeaderString({ payload, secret: signing }),
      },
      body: payload,
    });
    expect(reply.status).toBe(202);
    await app.settled();
    const body = JSON.parse(receiver.received[0]?.body ?? "") as Record<string, string>;
    expect(body).toMatchObject({
      type: "stripe.received",
      contentType: "application/octet-stream",
      data: Buffer.from(payload).toString("base64"),
    });
  });
});
