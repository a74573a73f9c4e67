import type { RequestObserver } from "portico/kernel";
import { BodySamples } from "./body-samples.ts";
import type { ReplySink, ReplyStage, Step } from "./call.ts";

/** How many bytes of each body the observers want of the next call; 0 for none. */
export type BodyBytes = () => number;

/** What the observers ask for together; undefined when none ever asks, so that routes get no step for it. */
export function bodyBytesOf(observers: readonly RequestObserver[]): BodyBytes | undefined {
  const asking = observers.filter((observer) => observer.bodyBytes !== undefined);
  if (asking.length === 0) return undefined;
  return () => asking.reduce((most, each) => Math.max(most, each.bodyBytes?.() ?? 0), 0);
}

/** Draws calls whose bodies are kept. Stands before the first step that looks at a body. */
export function sampleStep(bodyBytes: BodyBytes): Step {
  return {
    name: "sample",
    run: (call) => {
      const bytesMax = bodyBytes();
      if (bytesMax > 0) call.notes.samples = new BodySamples(bytesMax);
    },
  };
}

/** Keeps the beginning of the reply as the caller gets it. */
export const sampleStage: ReplyStage = {
  name: "sample",
  wrap: (call, next): ReplySink => {
    const { samples } = call.notes;
    if (samples === undefined) return next;
    return {
      head: (head) => next.head(head),
      chunk: (bytes) => {
        samples.reply(bytes);
        return next.chunk(bytes);
      },
      end: (trailers) => next.end(trailers),
      whole: (head, body) => {
        samples.reply(body);
        next.whole(head, body);
      },
    };
  },
};
