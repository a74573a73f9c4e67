import { Agent, request } from "node:http";

/** What the suite looks at of a reply. */
export interface PlainReply {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  text(): Promise<string>;
}

interface PlainInit {
  readonly method?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
}

const agent = new Agent({ keepAlive: true });

/** As `fetch`, but without a browser's own additions: it sends the fields it is given and no others, and follows nothing. */
export async function plainFetch(url: string, init: PlainInit = {}): Promise<PlainReply> {
  const { method = "GET", body } = init;
  // Lower case: the suite may give a field twice, which is two lines of it.
  const headers: Record<string, string[]> = {};
  for (const [name, value] of init.headers ?? []) (headers[name.toLowerCase()] ??= []).push(value);
  if (body !== undefined) headers["content-length"] = [String(Buffer.byteLength(body))];
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent }, (reply) => {
      const chunks: Buffer[] = [];
      reply.on("data", (chunk: Buffer) => chunks.push(chunk));
      reply.on("error", reject);
      reply.on("end", () => {
        const fields = new Headers();
        for (let index = 0; index < reply.rawHeaders.length; index += 2) {
          fields.append(reply.rawHeaders[index] ?? "", reply.rawHeaders[index + 1] ?? "");
        }
        const { statusCode: status = 0, statusMessage: statusText = "" } = reply;
        const text = Buffer.concat(chunks).toString();
        resolve({ status, statusText, headers: fields, text: () => Promise.resolve(text) });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
