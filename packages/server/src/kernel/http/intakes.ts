import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { anonymous } from "../contract/index.ts";
import { readBody } from "./body.ts";
import type { BoundIntake } from "./options.ts";
import { contextOf, originOf } from "./request-context.ts";
import { routerPath, textsOf } from "./route-parts.ts";
import type { RouteParts } from "./routes.ts";

/** Puts an intake under one URL. */
export function addIntake(
  app: FastifyInstance,
  parts: RouteParts,
  given: { readonly bound: BoundIntake; readonly url: string },
): void {
  app.route({
    method: [...given.bound.intake.methods],
    url: routerPath(given.url),
    // Answered here, before the router looks for a parser of the media type: the bytes are taken as they are.
    onRequest: (request, reply) => receive(parts, given.bound, { request, reply }),
    handler: (_request, reply) => reply.callNotFound(),
  });
}

async function receive(
  parts: RouteParts,
  { intake, ctx }: BoundIntake,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<FastifyReply> {
  const { raw } = request;
  const context = contextOf(raw);
  if (context.awaitsContinue) context.response.writeContinue();
  const body = await readBody(raw, {
    bytesMax: intake.bodyBytesMax(ctx),
    timeoutMs: parts.timeoutMs,
    clock: parts.clock,
  });
  const answer = await intake.receive(
    {
      method: raw.method ?? "POST",
      path: textsOf(request.params),
      url: raw.url ?? "",
      rawHeaders: raw.rawHeaders,
      body,
      origin: originOf(context, anonymous),
      belongsTo: (owner) => {
        context.caller = { ...anonymous, ...owner };
      },
    },
    ctx,
  );
  return reply.code(answer.status).headers(answer.headers).send(answer.body);
}
