import { Buffer } from "node:buffer";
import { isProblem, systemClock } from "../../base/index.ts";
import type { CliRequest } from "../../kernel/contract/index.ts";
import { createOutbound } from "../../kernel/outbound/index.ts";

const TIMEOUT_MS = 20_000;

/** How a request of the command line went. */
export interface Outcome {
  /** Null when no answer came. */
  readonly status: number | null;
  readonly durationMs: number;
  readonly error: string | null;
}

/** The client of one command, and its end. */
export type RequestClient = ReturnType<typeof createOutbound>;

/** Opens it. Who typed the address is at this machine and may call what it can reach; only a server must be careful. */
export function openClient(): RequestClient {
  return createOutbound({ allow: ["0.0.0.0/0", "::/0"], clock: systemClock });
}

/** Makes one request to the address that was typed. Whatever comes of it is its outcome. */
export async function sendRequest(
  client: RequestClient,
  { url, headers, body }: CliRequest,
): Promise<Outcome> {
  const startedMs = systemClock.monotonic();
  try {
    const bytes = Buffer.from(body, "base64");
    const request = { method: "POST", url, headers, body: bytes, timeoutMs: TIMEOUT_MS };
    const { status, durationMs } = await client.request(request);
    return { status, durationMs: Math.round(durationMs), error: null };
  } catch (error) {
    if (!isProblem(error)) throw error;
    const durationMs = Math.round(systemClock.monotonic() - startedMs);
    return { status: null, durationMs, error: error.message };
  }
}

/** The outcome for people. */
export function outcomeText({ status, durationMs, error }: Outcome): string {
  return status === null ? `failed: ${error ?? ""}` : `${status} in ${durationMs} ms`;
}
