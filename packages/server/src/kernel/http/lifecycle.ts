import type { Server } from "node:http";
import type { Clock } from "../../base/index.ts";

/** Starts to listen and answers the URL. Rejects with node's error (`EADDRINUSE`) when it cannot. */
export async function listenOn(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<{ readonly url: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once("error", reject);
  server.listen(port, host, () => resolve(undefined));
  await promise;
  server.off("error", reject);
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return { url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}` };
}

/** Takes no new connections, closes idle ones, lets the rest end, and cuts what is left at the deadline. */
export async function closeServer(
  server: Server,
  { deadlineMs, clock }: { readonly deadlineMs: number; readonly clock: Clock },
): Promise<void> {
  if (!server.listening) return;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const cancel = clock.after(deadlineMs, () => server.closeAllConnections());
  server.close(() => resolve(undefined));
  server.closeIdleConnections();
  await promise;
  cancel();
}
