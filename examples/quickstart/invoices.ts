import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { readBody, serve } from "./serve.ts";
import type { Serving } from "./serve.ts";

interface Invoice {
  readonly id: string;
  readonly customer: string;
  readonly total: number;
  readonly currency: string;
  readonly status: "open" | "paid";
  readonly paidAt?: string;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** The application: an invoices API of plain node:http that has never heard of Portico. Everything is in memory. */
export async function startInvoices(port = 0): Promise<Serving> {
  const invoices = new Map<string, Invoice>();
  for (const [id, customer, total] of [
    ["inv_1001", "Ada", 4_200],
    ["inv_1002", "Grace", 990],
  ] as const) {
    invoices.set(id, { id, customer, total, currency: "EUR", status: "open" });
  }
  return serve((request, response) => {
    void answer(invoices, request)
      .catch((): Answer => ({ status: 400, body: { error: "not JSON" } }))
      .then(({ status, body }) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(body));
      });
  }, port);
}

async function answer(invoices: Map<string, Invoice>, request: IncomingMessage): Promise<Answer> {
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  const [, id = "", action] = /^\/invoices(?:\/([^/]+))?(?:\/(pay))?$/.exec(path) ?? [];
  const place = `${request.method} ${path.replace(id, id === "" ? "" : "{id}")}`;
  const invoice = invoices.get(id);
  if (path === "/openapi.json") return { status: 200, body: readDocument() };
  if (place === "GET /invoices") return { status: 200, body: [...invoices.values()] };
  if (place === "POST /invoices") return create(invoices, await readBody(request));
  if (!path.startsWith("/invoices/") || invoice === undefined) {
    return { status: 404, body: { error: "no such thing" } };
  }
  if (request.method === "GET" && action === undefined) return { status: 200, body: invoice };
  if (request.method === "POST" && action === "pay") return pay(invoices, invoice);
  return { status: 405, body: { error: "not here" } };
}

function create(invoices: Map<string, Invoice>, body: Buffer): Answer {
  const { customer, total, currency } = JSON.parse(body.toString()) as Partial<Invoice>;
  if (typeof customer !== "string" || !Number.isInteger(total) || typeof currency !== "string") {
    return { status: 400, body: { error: "customer, total and currency are needed" } };
  }
  const id = `inv_${randomUUID()}`;
  const invoice: Invoice = { id, customer, total: Number(total), currency, status: "open" };
  invoices.set(id, invoice);
  return { status: 201, body: invoice };
}

function pay(invoices: Map<string, Invoice>, invoice: Invoice): Answer {
  if (invoice.status === "paid") return { status: 409, body: { error: "already paid" } };
  const paid: Invoice = { ...invoice, status: "paid", paidAt: new Date().toISOString() };
  invoices.set(invoice.id, paid);
  return { status: 200, body: paid };
}

function readDocument(): unknown {
  return JSON.parse(readFileSync(new URL("./openapi.json", import.meta.url), "utf8"));
}
