import type { IncomingMessage } from "node:http";

/**
 * Why an upgrade is not passed on, as a sentence's end after "The upgrade"; undefined when it may be. The kernel has refused
 * those with a body, in HTTP/1.0 and to h2c.
 */
export function upgradeFault({ method, headers, rawHeaders }: IncomingMessage): string | undefined {
  if (method !== "GET") return "is no GET";
  if (headers.upgrade?.toLowerCase() !== "websocket")
    return "is to another protocol than WebSocket";
  let keys = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === "sec-websocket-key") keys += 1;
  }
  const key = headers["sec-websocket-key"];
  // 16 bytes in base64 (RFC 6455 §4.1): the upstream proves by it that it has understood.
  if (keys !== 1 || typeof key !== "string" || !/^[A-Za-z0-9+/]{22}==$/.test(key)) {
    return "has not one Sec-WebSocket-Key of 16 bytes";
  }
  return undefined;
}
