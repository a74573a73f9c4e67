import type { Buffer } from "node:buffer";
import type { Call, ReplySink, ReplyStage } from "../call.ts";
import { askedIn } from "../change-request.ts";
import { ChangedReply } from "../change-reply.ts";
import type { ReplyHead } from "../upstream/index.ts";
import { descend, failure } from "./chain.ts";
import { lifecycleFields } from "./lifecycle.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { FailureLog } from "./steps.ts";
import type { RouteVersion } from "./route-version.ts";

/** Takes a reply down the way that its request came up. */
export function descendVersions(
  { of }: RouteVersion,
  parts: { readonly failed: (call: Call, error: unknown) => void },
  log: FailureLog,
): ReplyStage {
  return {
    name: "versions",
    wrap: (call, next) => {
      const taken = call.notes.versionChanges ?? [];
      const changing = taken.filter(({ change }) => change.response !== undefined);
      const [oldest] = changing;
      if (oldest === undefined) return next;
      const hears = changing.some(({ change }) => change.alsoErrors === true);
      return new ChangedReply(call, next, {
        wants: (status) => status < 400 || hears,
        needsBody: true,
        bytesMax: of.bytesMax,
        notJson: of.notJson,
        request: askedIn(call),
        apply: (message) => log(call, () => descend(taken, message)),
        broken: (reason) => failure(oldest, "gateway.versionReplyFailed", reason),
        failed: (error) => parts.failed(call, error),
      });
    },
  };
}

/** Fields that a stage writes itself: the upstream's own of these names are not passed on. */
const OWN = new Set(["deprecation", "sunset"]);

/** Tells callers the version that was chosen, and what ends. */
export function tellVersion(
  version: RouteVersion | undefined,
  lifecycle: Lifecycle | undefined,
  successorOf: (call: Call) => string | undefined,
): ReplyStage {
  const own = new Set(lifecycle === undefined ? [] : OWN);
  const fixed: string[] = [];
  if (version !== undefined) {
    const { headerName, header } = version.of;
    own.add(headerName.toLowerCase());
    fixed.push(headerName, version.id);
    // Another version is another reply for whoever keeps it (RFC 9110 §12.5.5).
    if (header !== undefined) fixed.push("Vary", headerName);
  }
  const hasSuccessor = lifecycle?.successor !== undefined;
  const always = [
    ...fixed,
    ...(lifecycle === undefined || hasSuccessor ? [] : lifecycleFields(lifecycle, undefined)),
  ];
  return {
    name: "fields",
    wrap: (call, next) => {
      const fields =
        lifecycle === undefined || !hasSuccessor
          ? always
          : [...always, ...lifecycleFields(lifecycle, successorOf(call))];
      return new ToldReply(next, fields, own);
    },
  };
}

class ToldReply implements ReplySink {
  readonly #next: ReplySink;
  readonly #fields: readonly string[];
  readonly #own: ReadonlySet<string>;

  constructor(next: ReplySink, fields: readonly string[], own: ReadonlySet<string>) {
    this.#next = next;
    this.#fields = fields;
    this.#own = own;
  }

  head(head: ReplyHead): void {
    this.#next.head(this.#told(head));
  }

  chunk(bytes: Buffer): boolean {
    return this.#next.chunk(bytes);
  }

  end(trailers: readonly string[]): void {
    this.#next.end(trailers);
  }

  whole(head: ReplyHead, body: Buffer): void {
    this.#next.whole(this.#told(head), body);
  }

  #told(head: ReplyHead): ReplyHead {
    const { headers } = head;
    for (let index = headers.length - 2; index >= 0; index -= 2) {
      if (this.#own.has((headers[index] ?? "").toLowerCase())) headers.splice(index, 2);
    }
    headers.push(...this.#fields);
    return head;
  }
}
