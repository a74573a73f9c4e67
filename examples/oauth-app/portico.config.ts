import { defineConfig } from "portico";

// In front of a notes API: every call needs a token that some application was given for a user.
export default defineConfig({
  data: process.env["PORTICO_DATA"] ?? `${import.meta.dirname}/.portico`,
  server: { port: Number(process.env["PORT"] ?? 8080) },
  log: { level: "warn" },
  oauth: { name: "Notes", accent: "#0a6b4f" },
  gateway: {
    apis: [
      {
        id: "notes",
        upstream: process.env["NOTES_URL"] ?? "http://127.0.0.1:4002",
        auth: "token",
        routes: [{ path: "/notes" }],
      },
    ],
  },
  outbound: { allow: ["127.0.0.0/8"] },
});
