// http-proxy-3 with a keep-alive agent, to the upstream of the first argument. Prints {url}.
import { Agent } from "node:http";
import { createProxyServer } from "http-proxy-3";

const agent = new Agent({ keepAlive: true, maxSockets: 256 });
const proxy = createProxyServer({ target: process.argv[2], agent });
proxy.on("error", (_error, _request, response) => response.destroy());
const server = proxy.listen(0, "127.0.0.1");
const listening = server._server ?? server.server;
if (!listening.listening) await new Promise((resolve) => listening.once("listening", resolve));
console.log(JSON.stringify({ url: `http://127.0.0.1:${listening.address().port}` }));
