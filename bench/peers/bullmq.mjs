// BullMQ: events come over HTTP, deliveries go out of its worker in the same process. The first argument is Redis's port;
// `accept` as the second leaves the worker out. Prints {port}.
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { CONCURRENCY, deliver } from "./deliver.mjs";
import { startFront } from "./front.mjs";

const [port, mode] = process.argv.slice(2);
const connect = () => new Redis(Number(port), "127.0.0.1", { maxRetriesPerRequest: null });
// Ten tries in all, and nothing kept of what is done: its cheapest way.
const opts = {
  attempts: 10,
  backoff: { type: "exponential", delay: 5_000 },
  removeOnComplete: true,
  removeOnFail: 1_000,
};
const queue = new Queue("deliveries", { connection: connect() });
if (mode !== "accept") {
  const worker = new Worker("deliveries", ({ data }) => deliver(data), {
    connection: connect(),
    concurrency: CONCURRENCY,
  });
  worker.on("error", (error) => console.error(error));
}
await startFront(async (jobs) => {
  if (jobs.length === 1) await queue.add("deliver", jobs[0], opts);
  else if (jobs.length > 1) {
    await queue.addBulk(jobs.map((data) => ({ name: "deliver", data, opts })));
  }
});
