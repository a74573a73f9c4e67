// Hundreds of callers that send a byte now and then: each is cut off in time, and others do not notice.
import { createServer } from "node:http";
import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { openFolder, serve } from "./portico-process.ts";

interface Trickle {
  /** All that came back until the server closed. */
  readonly heard: Promise<string>;
}

/** Sends a beginning, then one byte a second for as long as it is let. */
function trickle(port: number, beginning: string): Trickle {
  const { promise, resolve } = Promise.withResolvers<string>();
  let heard = "";
  const socket = connect(port, "127.0.0.1", () => socket.write(beginning));
  const timer = setInterval(() => socket.write("a"), 1_000);
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => (heard += chunk));
  socket.on("error", () => undefined);
  socket.on("close", () => {
    clearInterval(timer);
    resolve(heard);
  });
  return { heard: promise };
}

test("heads that trickle in are ended with 408, while others are served", async () => {
  const app = createServer((incoming, response) => {
    incoming.resume().on("end", () => response.end("served"));
  }).listen(0, "127.0.0.1");
  await once(app, "listening");
  const { port: appPort } = app.address() as { readonly port: number };
  const apis = [{ id: "app", basePath: "/app", upstream: `http://127.0.0.1:${appPort}` }];
  const config = { gateway: { apis } };
  await using folder = await openFolder({ "portico.config.json": JSON.stringify(config) });
  await using server = await serve(folder);
  const port = Number(new URL(server.url).port);

  const heads = Array.from({ length: 300 }, () => trickle(port, "GET /livez HTTP/1.1\r\nX-A: "));
  for (let count = 0; count < 20; count += 1) {
    expect(await (await fetch(`${server.url}/app/a`)).text()).toBe("served");
  }
  const answers = await Promise.all(heads.map(({ heard }) => heard));
  for (const answer of answers) {
    expect(answer).toMatch(/^HTTP\/1\.1 408 [^]*"code":"request\.tooSlow"/);
  }
  expect(await (await fetch(`${server.url}/app/b`)).text()).toBe("served");
  app.closeAllConnections();
  app.close();
});
