// One delivery as a team writes it on top of a queue: signed by Standard Webhooks 1.0 for this very attempt, sent over kept
// connections, 20 s at most; anything but 2xx throws, so that the queue tries again.
import { createHmac } from "node:crypto";
import { Agent, request } from "undici";

/** As many under way as Portico's engine runs at once, over as many connections as its client keeps for an origin. */
export const CONCURRENCY = 200;
const CONNECTIONS = 128;
const TIMEOUT_MS = 20_000;

const dispatcher = new Agent({ connections: CONNECTIONS, pipelining: 1 });

/** @param {{ url: string, secret: string, id: string, body: string }} job */
export async function deliver({ url, secret, id, body }) {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const mac = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  const answer = await request(url, {
    dispatcher,
    method: "POST",
    headers: {
      "content-type": "application/json",
      "user-agent": "peer/1",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${mac}`,
    },
    body,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await answer.body.dump();
  if (answer.statusCode < 200 || answer.statusCode > 299) {
    throw new Error(`answered ${answer.statusCode}`);
  }
}
