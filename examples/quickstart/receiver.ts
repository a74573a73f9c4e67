import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { readBody, serve } from "./serve.ts";
import type { Serving } from "./serve.ts";

const TOLERANCE_SECONDS = 300;

/** A partner's server: takes webhooks, verifies each signature and hands on what is genuine. */
export async function startReceiver(
  secret: () => string,
  received: (body: string, headers: IncomingHttpHeaders) => void,
): Promise<Serving> {
  return serve((request, response) => {
    void readBody(request).then((body) => {
      const isGenuine = verify(request.headers, body, secret());
      response.writeHead(isGenuine ? 204 : 401).end();
      if (isGenuine) received(body.toString(), request.headers);
    });
  });
}

/** Standard Webhooks 1.0: HMAC-SHA-256 over `id.timestamp.body`, compared in constant time, not older than 5 minutes. */
export function verify(headers: IncomingHttpHeaders, body: Buffer, secret: string): boolean {
  const id = String(headers["webhook-id"]);
  const timestamp = String(headers["webhook-timestamp"]);
  const ageSeconds = Math.abs(Date.now() / 1_000 - Number(timestamp));
  if (!(ageSeconds <= TOLERANCE_SECONDS)) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  if (key.length === 0) return false;
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
  return String(headers["webhook-signature"])
    .split(" ")
    .filter((part) => part.startsWith("v1,"))
    .map((part) => Buffer.from(part.slice(3), "base64"))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}
