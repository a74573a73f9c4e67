import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { createTestApp } from "portico/testing";
import type { TestApp, TestAppOptions } from "portico/testing";
import { sources } from "./index.ts";

/** A server with the sources pillar. */
export async function openSources(options: Partial<TestAppOptions> = {}): Promise<TestApp> {
  return await createTestApp({ plugins: [sources], ...options });
}

/** A source as its creation answers it. */
export interface Created {
  readonly id: string;
  readonly secret: string | null;
  readonly revision: number;
}

/** The secret that the sources of these tests have. */
export const SECRET = "a-secret-of-the-tests";

/** Creates a source. */
export async function create(
  app: TestApp,
  body: Readonly<Record<string, unknown>>,
  organization = "default",
): Promise<Created> {
  const owner = app.as({ organization, permissions: ["*"] });
  const reply = await owner.post("/sources", { secret: SECRET, ...body });
  if (reply.status !== 201) throw new TypeError(reply.text);
  return reply.json() as Created;
}

/** What a sender was answered. */
export interface Answered {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  json(): unknown;
}

type Headers = Readonly<Record<string, string>>;

/** Posts bytes to an address. */
export async function post(
  app: TestApp,
  source: string,
  { body, headers = {} }: { readonly body: string | Uint8Array; readonly headers?: Headers },
): Promise<Answered> {
  return await app.inject({ method: "POST", url: `/in/${source}`, headers, body });
}

/** What GitHub would send. */
export function fromGithub(
  body: string | Uint8Array,
  { secret = SECRET, id = "delivery-1", ...headers }: Readonly<Record<string, string>> = {},
): { readonly body: Uint8Array; readonly headers: Headers } {
  const bytes = Buffer.from(body);
  const digest = createHmac("sha256", secret).update(bytes).digest("hex");
  return {
    body: bytes,
    headers: {
      "content-type": "application/json",
      "x-github-event": "push",
      "x-github-delivery": id,
      "x-hub-signature-256": `sha256=${digest}`,
      ...headers,
    },
  };
}

/** What Stripe would send at this time. */
export function fromStripe(
  body: string,
  { at, secret = SECRET }: { readonly at: number; readonly secret?: string },
): { readonly body: string; readonly headers: Headers } {
  const seconds = Math.floor(at / 1_000);
  const digest = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
  return {
    body,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "stripe-signature": `t=${seconds},v1=${digest}`,
    },
  };
}

/** What Slack would send at this time. */
export function fromSlack(
  body: string,
  at: number,
): { readonly body: string; readonly headers: Headers } {
  const seconds = Math.floor(at / 1_000);
  const digest = createHmac("sha256", SECRET).update(`v0:${seconds}:${body}`).digest("hex");
  return {
    body,
    headers: {
      "content-type": "application/json",
      "x-slack-request-timestamp": String(seconds),
      "x-slack-signature": `v0=${digest}`,
    },
  };
}

/** One message as a list shows it. */
export interface ListedMessage {
  readonly id: string;
  readonly state: string;
  readonly reason: string | null;
  readonly externalId: string | null;
  readonly event: string | null;
  readonly eventType: string;
  readonly contentType: string;
  readonly bytes: number;
}

/** Messages of a source, newest first. */
export async function messagesOf(app: TestApp, source: string): Promise<readonly ListedMessage[]> {
  const reply = await app.as().get(`/sources/${source}/messages`);
  return (reply.json() as { data: readonly ListedMessage[] }).data;
}

/** The code of a refusal. */
export function code(reply: Answered): string {
  return (reply.json() as { code: string }).code;
}
