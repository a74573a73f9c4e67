import { Health, operation, streamed } from "portico/kernel";
import type { Operation } from "portico/kernel";

/** `GET /admin/metrics` */
export const getMetrics: Operation = operation({
  id: "admin.metrics",
  method: "GET",
  path: "/admin/metrics",
  summary: "Read the metrics",
  description:
    "The text of `/metrics`, in Prometheus' exposition format, of the process that answers.",
  access: "admin:read",
  mode: "read",
  replies: { 200: null },
  streams: ["text/plain"],
  example: {},
  handle: async ({ ctx }) => {
    const { contentType, text } = await ctx.get(Health).metrics();
    return streamed(contentType, once(text));
  },
});

async function* once(text: string): AsyncGenerator<string> {
  yield await Promise.resolve(text);
}
