import type { Clock } from "portico/kernel";
import type { Call } from "../call.ts";
import { raise } from "../errors.ts";
import type { Exchange } from "../upstream/index.ts";
import { TunnelCall } from "./tunnel-call.ts";

/** All WebSockets of this server. */
export class WebSockets {
  readonly #clock: Clock;
  readonly #byApi = new Map<string, Set<TunnelCall>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Those open, or about to be. */
  get count(): number {
    let count = 0;
    for (const open of this.#byApi.values()) count += open.size;
    return count;
  }

  /** Makes an admitted call into one that may switch. Throws `gateway.socketsFull` when the API has as many as it may. */
  take(call: Call, plain: Exchange): TunnelCall {
    const { id, webSockets } = call.route.api;
    const open = this.#openOf(id);
    if (open.size >= webSockets.max) {
      throw raise("gateway.socketsFull", { headers: { "retry-after": "5" } });
    }
    const tunnel = new TunnelCall(call, plain, this.#clock);
    open.add(tunnel);
    call.front.response.once("close", () => open.delete(tunnel));
    return tunnel;
  }

  /** The server stops: all are ended; their clients may come back to another process. */
  end(): void {
    for (const open of this.#byApi.values()) for (const tunnel of open) tunnel.end();
  }

  #openOf(api: string): Set<TunnelCall> {
    let open = this.#byApi.get(api);
    if (open === undefined) {
      open = new Set();
      this.#byApi.set(api, open);
    }
    return open;
  }
}
