// What stands before a queue: Portico's three calls, as far as the benchmark makes them. An event is 202 when its jobs, one
// for each webhook that wants its type, are in the queue. No keys, no log of events, no record of attempts, no guard
// against private addresses: less work than Portico does.
import { randomUUID } from "node:crypto";
import Fastify from "fastify";

/** @param {(jobs: { url: string, secret: string, id: string, body: string }[]) => Promise<void>} enqueue */
export async function startFront(enqueue) {
  /** @type {Map<string, { url: string, secret: string }[]>} */
  const webhooks = new Map();
  const jobsOf = ({ type, data }) => {
    const wanted = webhooks.get(type) ?? [];
    if (wanted.length === 0) return [];
    const id = `evt_${randomUUID()}`;
    const body = JSON.stringify({ id, type, timestamp: new Date().toISOString(), data });
    return wanted.map(({ url, secret }) => ({ url, secret, id, body }));
  };
  const app = Fastify({ bodyLimit: 16 * 2 ** 20 });
  app.post("/api/v1/webhooks", async ({ body }, reply) => {
    for (const type of body.events) {
      webhooks.set(type, [...(webhooks.get(type) ?? []), { url: body.url, secret: body.secret }]);
    }
    return reply.code(201).send({});
  });
  app.post("/api/v1/events", async ({ body }, reply) => {
    await enqueue(jobsOf(body));
    return reply.code(202).send({ accepted: 1 });
  });
  app.post("/api/v1/events/batch", async ({ body }, reply) => {
    await enqueue(body.events.flatMap(jobsOf));
    return reply.code(202).send({ accepted: body.events.length });
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  console.log(JSON.stringify({ port: app.server.address().port }));
}
