import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Json = Record<string, unknown>;

/** One request as the upstream got it. */
export interface StripeCall {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** An upstream that answers Stripe's API from its fixtures: enough of it to create, read and list. */
export interface StripeUpstream extends AsyncDisposable {
  readonly url: string;
  readonly seen: StripeCall[];
  /** Answered next, whatever is asked. */
  reply: Json | undefined;
}

const KINDS: Readonly<Record<string, readonly [string, string]>> = {
  customers: ["customer", "cus"],
  charges: ["charge", "ch"],
};

/** Starts the upstream on a free port of the loopback. */
export async function stripeUpstream(fixtures: string): Promise<StripeUpstream> {
  const { resources } = JSON.parse(readFileSync(fixtures, "utf8")) as {
    readonly resources: Record<string, Json>;
  };
  const stored = new Map<string, Json[]>();
  const seen: StripeCall[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const call = { method, url, headers, body: Buffer.concat(chunks).toString() };
      seen.push(call);
      if (upstream.reply === undefined) answer(response, { call, stored, resources });
      else send(response, upstream.reply);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const upstream: StripeUpstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    reply: undefined,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  return upstream;
}

interface Asked {
  readonly call: StripeCall;
  readonly stored: Map<string, Json[]>;
  readonly resources: Record<string, Json>;
}

function answer(response: ServerResponse, { call, stored, resources }: Asked): void {
  const { pathname, searchParams } = new URL(call.url, "http://stripe");
  const [, , noun = "", id] = pathname.split("/");
  const [kind = "", prefix = ""] = KINDS[noun] ?? [];
  const rows = stored.get(noun) ?? [];
  stored.set(noun, rows);
  if (call.method === "POST" && id === undefined) {
    const fields = Object.fromEntries(new URLSearchParams(call.body));
    const plain = Object.entries(fields).filter(([name]) => ["email", "name"].includes(name));
    const made = {
      ...resources[kind],
      ...Object.fromEntries(plain),
      id: `${prefix}_${rows.length}`,
    };
    rows.unshift(made);
    send(response, made);
  } else if (id === undefined) {
    const after = searchParams.get("starting_after");
    const from = after === null ? 0 : rows.findIndex((row) => row["id"] === after) + 1;
    const limit = Number(searchParams.get("limit") ?? 10);
    const data = rows.slice(from, from + limit);
    const has_more = from + limit < rows.length;
    send(response, { object: "list", url: pathname, has_more, data });
  } else {
    send(response, rows.find((row) => row["id"] === id) ?? resources[kind] ?? {});
  }
}

function send(response: ServerResponse, body: Json): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}
