// The yardstick: Fastify with a parsed body, no schema, no store. Prints its port.
import { fastify } from "fastify";

const app = fastify();
app.post("/api/v1/events", (_request, answer) => answer.code(202).send({ status: "accepted" }));
const address = await app.listen({ host: "127.0.0.1", port: 0 });
process.stdout.write(`${new URL(address).port}\n`);
