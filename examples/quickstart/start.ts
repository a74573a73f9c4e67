import type { IncomingHttpHeaders } from "node:http";
import { createPortico, internalCaller } from "portico";
import type { Server } from "portico";
import { startInvoices } from "./invoices.ts";
import { startReceiver } from "./receiver.ts";

const operator = internalCaller("default", "quickstart");

const invoices = await startInvoices();
// The application took any free port; the configuration reads where it is.
process.env["INVOICES_URL"] = invoices.url;
const { default: config } = await import("./portico.config.ts");

const portico = await createPortico(config);
let secret = "";
let url = "";
let key: string | undefined;
const receiver = await startReceiver(() => secret, printReceived);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void stop());
}

try {
  await portico.start();
  ({ url } = await portico.serve());
  secret = await subscribe(portico, receiver.url);
  key = await firstKey(portico);
  printWelcome();
} catch (error) {
  console.error(`The example could not start: ${error instanceof Error ? error.message : "?"}`);
  await stop();
  process.exitCode = 1;
}

/** The receiver's port and secret are new at each start, so its webhook is made anew. */
async function subscribe(server: Server, target: string): Promise<string> {
  const list = await server.call("webhooks.list", {}, operator);
  for (const { id, slug } of listed(list.body)) {
    if (slug === "quickstart") await server.call("webhooks.delete", { path: { id } }, operator);
  }
  const body = { slug: "quickstart", url: `${target}/hooks`, events: ["invoice.*"] };
  const made = await server.call("webhooks.create", { body }, operator);
  return textOf(made.body, "secret");
}

/** Makes a key at the first start; it is shown once and kept nowhere in the clear. */
async function firstKey(server: Server): Promise<string | undefined> {
  const list = await server.call("keys.list", {}, operator);
  if (listed(list.body).length > 0) return undefined;
  const body = { name: "Quickstart", permissions: ["*"], rateLimit: null };
  const made = await server.call("keys.create", { body }, operator);
  return textOf(made.body, "key");
}

function listed(body: unknown): readonly { readonly id: string; readonly slug?: unknown }[] {
  // A list is always answered as { data, next }.
  return (body as { readonly data: { readonly id: string }[] }).data;
}

function textOf(body: unknown, name: string): string {
  return String((body as Readonly<Record<string, unknown>>)[name]);
}

function printWelcome(): void {
  const keyLine =
    key === undefined
      ? "Your key was shown at the first start. To begin anew, delete examples/quickstart/.portico"
      : `Your first key, shown this once:\n\n    ${key}`;
  console.log(`
Portico stands in front of an invoices API.

    ${url}/invoices      the invoices API, through Portico
    ${url}/docs          the documentation of every operation
    ${url}/api/v1        Portico's own API
    ${invoices.url}           the application itself
    ${receiver.url}           a partner's receiver of webhooks

${keyLine}

Pay an invoice:

    curl -X POST ${url}/invoices/inv_1001/pay -H 'Authorization: Bearer ${key ?? "YOUR_KEY"}'

What the receiver gets appears here. Ctrl+C ends it all.
`);
}

function printReceived(body: string, headers: IncomingHttpHeaders): void {
  const id = String(headers["webhook-id"]);
  console.log(`The receiver got a webhook whose signature is genuine:

    webhook-id: ${id}
    ${body}

See what led to it and what it caused:

    curl ${url}/api/v1/events/${id}/thread -H 'Authorization: Bearer ${key ?? "YOUR_KEY"}'
`);
}

async function stop(): Promise<void> {
  await portico.stop();
  await Promise.all([invoices.close(), receiver.close()]);
}
