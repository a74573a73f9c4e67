// pg-boss: events come over HTTP, deliveries go out of its workers in the same process. The first argument is the URL of a
// PostgreSQL database; `accept` as the second leaves the workers out. Prints {port}.
import { PgBoss } from "pg-boss";
import { CONCURRENCY, deliver } from "./deliver.mjs";
import { startFront } from "./front.mjs";

const [connectionString, mode] = process.argv.slice(2);
const BATCH = 10;
const boss = new PgBoss({ connectionString, max: 20, useListenNotify: true });
boss.on("error", (error) => console.error(error));
await boss.start();
// Woken by NOTIFY, ten tries in all; what is done goes after a day, as it does not in the minutes of a benchmark.
await boss.createQueue("deliveries", {
  notify: true,
  retryLimit: 9,
  retryDelay: 5,
  retryBackoff: true,
  deleteAfterSeconds: 86_400,
});
const settle = async ({ id, data }) => {
  try {
    await deliver(data);
    return { id, status: "completed" };
  } catch (error) {
    return { id, status: "failed", output: { message: String(error) } };
  }
};
if (mode !== "accept") {
  await boss.work(
    "deliveries",
    {
      batchSize: BATCH,
      localConcurrency: CONCURRENCY / BATCH,
      perJobResults: true,
      burstWhenBatchFull: true,
      pollingIntervalSeconds: 0.5,
      notifyPollingIntervalSeconds: 0.5,
    },
    (jobs) => Promise.all(jobs.map(settle)),
  );
}
await startFront(async (jobs) => {
  if (jobs.length === 1) await boss.send("deliveries", jobs[0]);
  else if (jobs.length > 1) await boss.insert("deliveries", jobs.map((data) => ({ data })));
});
