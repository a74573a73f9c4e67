import { isProblem } from "../../base/index.ts";
import type { Clock, Problem } from "../../base/index.ts";
import type { Meter, Outbound, OutboundReply, OutboundRequest } from "../contract/index.ts";
import { contains, parseNetwork } from "./address.ts";
import type { Network } from "./address.ts";
import { parseDestination } from "./destination.ts";
import type { Destination, Policy } from "./destination.ts";
import { raise } from "./errors.ts";
import { exchange } from "./exchange.ts";
import type { ExchangeReply } from "./exchange.ts";
import { objectionToHead } from "./headers.ts";
import { Pools } from "./pools.ts";
import { dnsLookup, LOOPBACK, resolve, shareLookups } from "./resolve.ts";
import type { Lookup } from "./resolve.ts";

const TIMEOUT_MS = 20_000;
const MAX_BYTES = 65_536;
const ADDRESSES_TRIED_MAX = 3;

/** How the guarded client is made. */
export interface OutboundOptions {
  /** Networks that may be called although they are not public: `["127.0.0.0/8"]`. */
  readonly allow: readonly string[];
  readonly clock: Clock;
  /** All addresses of a name; DNS when left out. */
  readonly lookup?: Lookup;
  readonly meter?: Meter;
  /** Refuses `http:`; false when left out. */
  readonly isHttpsOnly?: boolean;
  /** Ports below 1024 that may be called beside 80 and 443. */
  readonly ports?: readonly number[];
  /** Certificates (PEM) trusted beside the built-in list: a private authority's. */
  readonly trust?: string;
  /** Connections to one origin at one address; 128 when left out. */
  readonly connectionsMax?: number;
  /** Pairs of origin and address whose connections are kept; 1,000 when left out. */
  readonly poolsMax?: number;
}

/** The guarded client with its end: `close` destroys every connection. */
export interface GuardedOutbound extends Outbound {
  close(): Promise<void>;
}

/**
 * Makes the one HTTP client for addresses that a tenant can choose (see {@link Outbound}). Throws
 * `outbound.badNetwork` when an entry of `allow` is not a network.
 *
 * @example
 * const outbound = createOutbound({ allow: ["127.0.0.0/8"], clock: systemClock });
 * const { status } = await outbound.request({ method: "POST", url: "https://example.com/hook", body: "{}" });
 */
export function createOutbound(options: OutboundOptions): GuardedOutbound {
  const policy: Policy = {
    allow: readAllow(options.allow),
    isHttpsOnly: options.isHttpsOnly ?? false,
    ports: options.ports ?? [],
  };
  const pools = new Pools({
    connectionsMax: options.connectionsMax ?? 128,
    poolsMax: options.poolsMax ?? 1_000,
    connectTimeoutMs: 5_000,
    trust: options.trust,
  });
  const lookup = shareLookups(options.lookup ?? dnsLookup());
  const client = { policy, pools, lookup, clock: options.clock };
  const observe = observer(options.meter);
  return {
    async request(request) {
      const startedAt = options.clock.monotonic();
      try {
        const reply = await call(client, request, startedAt);
        observe(`${Math.floor(reply.status / 100)}xx`, reply.durationMs);
        return reply;
      } catch (error) {
        observe(isProblem(error) ? error.code : "crashed", options.clock.monotonic() - startedAt);
        throw error;
      }
    },
    objection(url) {
      const parsed = parseDestination(url, policy);
      return parsed.ok ? undefined : parsed.reason;
    },
    close: () => pools.close(),
  };
}

interface Client {
  readonly policy: Policy;
  readonly pools: Pools;
  readonly lookup: Lookup;
  readonly clock: Clock;
}

function readAllow(texts: readonly string[]): readonly Network[] {
  const allow = texts.map(readNetwork);
  // Whoever allows the machine itself by its IPv4 address means it: `localhost` always has ::1 beside 127.0.0.1.
  const [ipv4, ipv6] = LOOPBACK.map(readNetwork);
  if (ipv4 === undefined || ipv6 === undefined) return allow;
  return allow.some((network) => contains(network, ipv4.first)) ? [...allow, ipv6] : allow;
}

function readNetwork(text: string): Network {
  const network = parseNetwork(text);
  if (network === undefined) throw raise("outbound.badNetwork", { params: { got: text } });
  return network;
}

async function call(
  client: Client,
  request: OutboundRequest,
  startedAt: number,
): Promise<OutboundReply> {
  const destination = check(client, request);
  const limit = startLimit(client.clock, request, destination.host);
  try {
    const addresses = await untilAborted(
      resolve(destination, client.policy, client.lookup),
      limit.signal,
    );
    const { reply, address } = await tryAddresses(client, addresses, {
      request,
      destination,
      signal: limit.signal,
    });
    return { ...reply, address, durationMs: client.clock.monotonic() - startedAt };
  } finally {
    limit.stop();
  }
}

function check(client: Client, request: OutboundRequest): Destination {
  const parsed = parseDestination(request.url, client.policy);
  if (!parsed.ok) throw raise("outbound.refused", { params: { reason: parsed.reason } });
  const reason = objectionToHead(request.method, request.headers ?? {});
  if (reason !== undefined) throw raise("outbound.badRequest", { params: { reason } });
  return parsed.value;
}

/** One signal for the whole call: name look-up, connection, reply and body. */
function startLimit(
  clock: Clock,
  request: OutboundRequest,
  host: string,
): { readonly signal: AbortSignal; readonly stop: () => void } {
  const timeoutMs = request.timeoutMs ?? TIMEOUT_MS;
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(raise("outbound.aborted", { params: { host } }));
  const cancelTimer = clock.after(timeoutMs, () => {
    controller.abort(raise("outbound.timeout", { params: { host, timeoutMs } }));
  });
  if (request.signal?.aborted === true) onAbort();
  request.signal?.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    stop: () => {
      cancelTimer();
      request.signal?.removeEventListener("abort", onAbort);
    },
  };
}

function untilAborted<TValue>(work: Promise<TValue>, signal: AbortSignal): Promise<TValue> {
  return new Promise((done, fail) => {
    const onAbort = (): void => fail(signal.reason as Problem);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(done, fail).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

interface Try {
  readonly request: OutboundRequest;
  readonly destination: Destination;
  readonly signal: AbortSignal;
}

/** The next address is only tried when no connection to the one before could be made: nothing is sent twice. */
async function tryAddresses(
  client: Client,
  addresses: readonly string[],
  { request, destination, signal }: Try,
): Promise<{ readonly reply: ExchangeReply; readonly address: string }> {
  let lastError: unknown;
  for (const address of addresses.slice(0, ADDRESSES_TRIED_MAX)) {
    try {
      const reply = await exchange(await client.pools.get(destination, address), {
        method: request.method,
        path: destination.pathAndQuery,
        headers: request.headers ?? {},
        body: request.body,
        maxBytes: request.maxBytes ?? MAX_BYTES,
        signal,
      });
      return { reply, address };
    } catch (error) {
      if (!client.pools.isConnectFailure(error))
        throw failure(error, destination, "outbound.failed");
      lastError = error;
    }
  }
  throw failure(lastError, destination, "outbound.unreachable");
}

function failure(
  error: unknown,
  { host }: Destination,
  code: "outbound.failed" | "outbound.unreachable",
): Problem {
  if (isProblem(error)) return error;
  return raise(code, { params: { host, reason: reasonOf(error) }, cause: error });
}

/** A code such as ECONNRESET or ERR_TLS_CERT_ALTNAME_INVALID: the message of an error may name addresses. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string")
    return error.code;
  return error instanceof Error ? error.name : "unknown";
}

function observer(meter: Meter | undefined): (outcome: string, durationMs: number) => void {
  if (meter === undefined) return () => {};
  const count = meter.counter("outbound_requests_total", "Calls through the guarded client", [
    "outcome",
  ]);
  const time = meter.histogram(
    "outbound_duration_seconds",
    "How long calls through the guarded client take",
  );
  return (outcome, durationMs) => {
    count.add(1, { outcome });
    time.observe(durationMs / 1_000);
  };
}
