// @fastify/http-proxy as its README has it, to the upstream of the first argument. Prints {url}.
import proxy from "@fastify/http-proxy";
import fastify from "fastify";

const server = fastify({ logger: false });
await server.register(proxy, { upstream: process.argv[2], prefix: "/bare", rewritePrefix: "/bare" });
const url = await server.listen({ host: "127.0.0.1", port: 0 });
console.log(JSON.stringify({ url }));
