import { Buffer } from "node:buffer";
import { Type } from "typebox";
import { operation } from "portico/kernel";
import type { LogEvent } from "portico/kernel";
import { raise } from "../errors.ts";
import { compileFilter, explainFilter, subjectOf } from "../filter.ts";
import type { Filter, Subject } from "../filter.ts";
import { OWNER, ownerOf } from "../owner.ts";
import { acceptFilter, FilterBody } from "../subscription.ts";

const SAMPLES_MAX = 20;
const FOUND_MAX = 200;

const Part = Type.Object({
  pointer: Type.String({ description: "Where in the filter the comparison stands." }),
  path: Type.String(),
  holds: Type.Boolean(),
  found: Type.Union([Type.String(), Type.Null()], {
    description: "The value there as JSON, 200 characters of it; null where there is none.",
  }),
});

/** `POST /webhooks/test-filter`: what a filter makes of samples, before a webhook has it. */
export const testFilter = operation({
  id: "webhooks.testFilter",
  method: "POST",
  path: "/webhooks/test-filter",
  summary: "Try a filter against samples",
  description:
    "Judges samples, or events of the log by their ids, and tells of every comparison whether it holds and what it found. " +
    "A filter that cannot be used is refused here with the very errors that saving it would give.",
  access: "webhooks:read",
  mode: "read",
  keepsTo: [OWNER],
  audit: "none",
  body: Type.Object(
    {
      filter: FilterBody,
      samples: Type.Optional(
        Type.Array(
          Type.Object(
            {
              type: Type.String({ maxLength: 128 }),
              subject: Type.Optional(Type.String({ maxLength: 256 })),
              data: Type.Unknown(),
            },
            { additionalProperties: false },
          ),
          { maxItems: SAMPLES_MAX },
        ),
      ),
      eventIds: Type.Optional(
        Type.Array(Type.String({ maxLength: 64 }), { maxItems: SAMPLES_MAX }),
      ),
    },
    { additionalProperties: false },
  ),
  replies: {
    200: Type.Object({
      results: Type.Array(
        Type.Object({
          event: Type.Union([Type.String(), Type.Null()], { description: "Null for a sample." }),
          matches: Type.Boolean(),
          parts: Type.Array(Part),
        }),
      ),
    }),
  },
  errors: ["webhooks.badFilter", "webhooks.unknownEvent"],
  example: {
    body: {
      filter: {
        and: [
          { path: "data.amount", gte: 100 },
          { path: "data.currency", eq: "EUR" },
        ],
      },
      samples: [{ type: "invoice.paid", data: { amount: 250, currency: "EUR" } }],
    },
  },
  async handle({ body, caller, ctx }) {
    const filter = acceptFilter(body.filter);
    const samples = (body.samples ?? []).map(({ type, subject = null, data }) => ({
      event: null,
      subject: subjectOf({
        type,
        subject,
        data: Buffer.from(JSON.stringify(data)),
        contentType: "application/json",
      }),
    }));
    // Events of the log belong to the organization: whoever is kept to an owner brings samples along.
    const isKept = ownerOf(caller) !== undefined;
    const events = await Promise.all(
      (body.eventIds ?? []).map(async (id) => {
        const event = isKept ? undefined : await ctx.log.find(caller.organization, id);
        return toJudged(event, id);
      }),
    );
    return { results: [...samples, ...events].map((each) => judge(filter, each)) };
  },
});

interface Judged {
  readonly event: string | null;
  readonly subject: Subject;
}

function toJudged(event: LogEvent | undefined, id: string): Judged {
  if (event === undefined) throw raise("webhooks.unknownEvent", { params: { id } });
  return { event: id, subject: subjectOf(event) };
}

function judge(filter: Filter, { event, subject }: Judged): object {
  return {
    event,
    matches: compileFilter(filter)(subject),
    parts: explainFilter(filter, subject).map(({ found, ...part }) => ({
      ...part,
      found: found === undefined ? null : JSON.stringify(found).slice(0, FOUND_MAX).toWellFormed(),
    })),
  };
}
