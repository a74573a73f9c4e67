import { Buffer } from "node:buffer";
import type { RequestListener } from "node:http";
import inject from "light-my-request";
import type { InjectReply, InjectRequest } from "./options.ts";

/** Sends one request through the dispatcher in memory. */
export async function injectInto(
  dispatch: RequestListener,
  request: InjectRequest,
): Promise<InjectReply> {
  const { body } = request;
  const isRaw = body === undefined || typeof body === "string" || body instanceof Uint8Array;
  const payload = isRaw ? body : JSON.stringify(body);
  const response = await inject(dispatch, {
    method: request.method ?? "GET",
    url: request.url,
    headers: { ...(isRaw ? {} : { "content-type": "application/json" }), ...request.headers },
    ...(payload === undefined
      ? {}
      : { payload: typeof payload === "string" ? payload : Buffer.from(payload) }),
    ...(request.remoteAddress === undefined ? {} : { remoteAddress: request.remoteAddress }),
  });
  return {
    status: response.statusCode,
    headers: response.headers as InjectReply["headers"],
    text: response.payload,
    bytes: response.rawPayload,
    json: () => JSON.parse(response.payload) as unknown,
  };
}
