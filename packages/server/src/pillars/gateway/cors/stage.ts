import type { Call, ReplyStage } from "../call.ts";
import { addToList } from "../fields.ts";
import type { ReplyHead } from "../upstream/index.ts";
import { corsFields } from "./rules.ts";
import type { CorsRules } from "./rules.ts";

const OF_CORS = "access-control-";

/** Puts the API's own CORS fields in the place of those that the application sends. */
export function corsStage(rules: CorsRules): ReplyStage {
  return {
    name: "cors",
    wrap: (call, next) => ({
      head: (head) => next.head(withCors(rules, call, head)),
      chunk: (bytes) => next.chunk(bytes),
      end: (trailers) => next.end(trailers),
      whole: (head, body) => next.whole(withCors(rules, call, head), body),
    }),
  };
}

function withCors(rules: CorsRules, call: Call, head: ReplyHead): ReplyHead {
  const headers: string[] = [];
  for (let index = 0; index < head.headers.length; index += 2) {
    const name = head.headers[index] ?? "";
    if (!name.toLowerCase().startsWith(OF_CORS)) headers.push(name, head.headers[index + 1] ?? "");
  }
  headers.push(...corsFields(rules, call.front.request.headers.origin));
  // Also for who may not, and for requests without an origin: what a cache keeps of them is not for others.
  if (!rules.isAny) addToList(headers, "Vary", ["Origin"]);
  return { ...head, headers };
}

/** Lets a page read a refusal as well: written to the response before the problem is. */
export function prepareRefusal(rules: CorsRules, call: Call): void {
  const { request, response } = call.front;
  const fields = corsFields(rules, request.headers.origin);
  for (let index = 0; index < fields.length; index += 2) {
    response.setHeader(fields[index] ?? "", fields[index + 1] ?? "");
  }
  if (!rules.isAny) response.setHeader("Vary", "Origin");
}
