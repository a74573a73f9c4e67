import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { anonymous } from "../contract/index.ts";
import { readBody } from "./body.ts";
import type { BoundMount } from "./options.ts";
import { contextOf, originOf } from "./request-context.ts";
import { routerPath, textsOf } from "./route-parts.ts";
import type { RouteParts } from "./routes.ts";

/** Puts a mount under one URL. */
export function addMount(
  app: FastifyInstance,
  parts: RouteParts,
  given: { readonly bound: BoundMount; readonly url: string },
): void {
  app.route({
    method: [...given.bound.mount.methods],
    url: routerPath(given.url),
    // Before the router looks for a parser of the media type: the body is the mount's to read.
    onRequest: (request, reply) => serve(parts, given.bound, { request, reply }),
    handler: (_request, reply) => reply.callNotFound(),
  });
}

async function serve(
  parts: RouteParts,
  { mount, ctx }: BoundMount,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<FastifyReply> {
  const { raw } = request;
  const context = contextOf(raw);
  await mount.serve(
    {
      request: raw,
      response: reply.raw,
      path: textsOf(request.params),
      client: {
        address: context.client.address,
        isHttps: context.client.isHttps,
        headers: request.headers,
      },
      origin: originOf(context, anonymous),
      readBody: async () => {
        if (context.awaitsContinue) context.response.writeContinue();
        const { bodyBytesMax: bytesMax } = mount;
        return await readBody(raw, { bytesMax, timeoutMs: parts.timeoutMs, clock: parts.clock });
      },
      belongsTo: (owner) => {
        context.caller = { ...anonymous, ...owner };
      },
    },
    ctx,
  );
  // Only now: what is thrown before goes to Fastify, which answers the problem.
  return reply.hijack();
}
