import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isProblem } from "../../base/index.ts";
import { raiseAccess, type KernelAccess } from "../access/index.ts";
import type { Probes } from "./probes.ts";
import { contextOf } from "./request-context.ts";

/** What the probes' paths need. */
export interface ProbeRouteParts {
  readonly probes: Probes;
  readonly access: KernelAccess;
  readonly isDraining: () => boolean;
  readonly isMetricsOpen: boolean;
}

type Answer = readonly [status: number, text: string];

/** Adds `/livez`, `/readyz`, `/startupz`, `/healthz` and `/metrics`; machines read the status only. Answers the paths. */
export function addProbes(
  app: FastifyInstance,
  parts: ProbeRouteParts,
  basePath: string,
): readonly string[] {
  const ready = async (): Promise<Answer> => await readiness(parts);
  const started = (): Answer => (parts.probes.isStarted() ? [200, "ok"] : [503, "starting"]);
  const routes: Readonly<Record<string, () => Answer | Promise<Answer>>> = {
    // Never looks at a dependency: a dead database must not make the orchestrator kill us.
    "/livez": () => [200, "ok"],
    "/readyz": ready,
    "/healthz": ready,
    "/startupz": started,
  };
  for (const [path, answer] of Object.entries(routes)) {
    app.get(`${basePath}${path}`, async (_request, reply) => {
      const [status, text] = await answer();
      return await reply.code(status).type("text/plain; charset=utf-8").send(`${text}\n`);
    });
  }
  const { metrics } = parts.probes;
  if (metrics === undefined) return Object.keys(routes);
  app.get(
    `${basePath}/metrics`,
    async (request, reply) => await serveMetrics(parts, request, reply),
  );
  return [...Object.keys(routes), "/metrics"];
}

async function readiness({ probes, isDraining }: ProbeRouteParts): Promise<Answer> {
  if (isDraining()) return [503, "stopping"];
  if (!probes.isStarted()) return [503, "starting"];
  const { status } = await probes.health();
  return status === "fail" ? [503, "the database does not answer"] : [200, status];
}

async function serveMetrics(
  parts: ProbeRouteParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (!(await mayRead(parts, request))) throw raiseAccess("access.unauthenticated");
  const answer = await parts.probes.metrics?.();
  return await reply.type(answer?.contentType ?? "text/plain").send(answer?.text ?? "");
}

async function mayRead(parts: ProbeRouteParts, request: FastifyRequest): Promise<boolean> {
  const { address } = contextOf(request.raw).client;
  if (parts.isMetricsOpen || (isLoopback(address) && !isForwarded(request))) return true;
  try {
    const { headers, method } = request;
    const credentials = { headers, method, remoteAddress: address };
    const caller = await parts.access.identify(credentials);
    return parts.access.can(caller, "server:read").allowed;
  } catch (error) {
    if (isProblem(error) && error.status < 500) return false;
    throw error;
  }
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

// Behind a proxy on this machine that was not named as trusted, everybody seems to be this machine.
function isForwarded({ headers }: FastifyRequest): boolean {
  return headers["x-forwarded-for"] !== undefined || headers.forwarded !== undefined;
}
