import type { Server } from "node:http";
import type { Clock } from "../../base/index.ts";
import type { Idempotency } from "./idempotency.ts";
import type { HttpOptions } from "./options.ts";

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

const SWEEP_MS = 100;

interface CloseOptions {
  readonly deadlineMs: number;
  readonly clock: Clock;
  /** Cuts the sockets that were switched to another protocol, which node does not know any more. */
  readonly cutUpgraded: () => void;
}

/** Takes no new connections, closes idle ones, lets the rest end, and cuts what is left at the deadline. */
export async function closeServer(
  server: Server,
  { deadlineMs, clock, cutUpgraded }: CloseOptions,
): Promise<void> {
  if (!server.listening) return;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const cancel = clock.after(deadlineMs, () => {
    server.closeAllConnections();
    cutUpgraded();
  });
  let cancelSweep = (): void => undefined;
  // Again and again: what was busy when the end began is kept open by its client after its answer.
  const sweep = (): void => {
    server.closeIdleConnections();
    cancelSweep = clock.after(SWEEP_MS, sweep);
  };
  server.close(() => resolve(undefined));
  sweep();
  await promise;
  cancelSweep();
  cancel();
}

const HOUR_MS = 3_600_000;

/** Deletes old answers of Idempotency-Keys every hour; the returned function ends it. */
export function purgeHourly(
  idempotency: Idempotency,
  { clock, logger, operations }: Pick<HttpOptions, "clock" | "logger" | "operations">,
): () => void {
  const longer = (): ReadonlyMap<string, number> =>
    new Map(
      operations.flatMap(({ operation: { id, idempotent }, ctx }) =>
        typeof idempotent === "boolean" ? [] : [[id, idempotent.keptMs(ctx)] as const],
      ),
    );
  let cancel = (): void => undefined;
  const again = (): void => {
    cancel = clock.after(HOUR_MS, () => {
      idempotency.purge(longer()).catch((error: unknown) => {
        logger.warn(
          { err: error },
          "old answers of Idempotency-Keys were not deleted; it is tried again in an hour",
        );
      });
      again();
    });
  };
  again();
  return () => cancel();
}
