import { defineConfig } from "portico";

// What stands in front of the invoices API: a key for every call, 600 calls a minute for each key, and an event for
// each invoice that was paid.
export default defineConfig({
  data: process.env["PORTICO_DATA"] ?? `${import.meta.dirname}/.portico`,
  server: { port: Number(process.env["PORT"] ?? 8080) },
  log: { level: "warn" },
  gateway: {
    apis: [
      {
        id: "invoices",
        upstream: process.env["INVOICES_URL"] ?? "http://127.0.0.1:4001",
        auth: "key",
        rateLimit: "600/min",
        routes: [{ path: "/invoices" }, { path: "/invoices/{id}" }, { path: "/invoices/{id}/pay" }],
        emits: [
          {
            on: { method: "POST", path: "/invoices/{id}/pay" },
            type: "invoice.paid",
            subject: "/response/body/id",
            data: "/response/body",
          },
        ],
      },
    ],
  },
  // The receiver of this example listens on this machine. Portico delivers to public addresses only, unless told.
  outbound: { allow: ["127.0.0.0/8"] },
});
