import { addressBucket, internalCaller, operation, RateLimit, toRfc3339 } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { Limits } from "../capability.ts";
import { raise } from "../errors.ts";
import { memberSubject } from "../subject.ts";

const COST_MAX = 1_000_000;
const subject = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 256, description }));

/** `POST /limits/check` */
export const checkLimit: Operation = operation({
  id: "limits.check",
  method: "POST",
  path: "/limits/check",
  summary: "Count a call against a limit",
  description:
    "For applications that count by themselves: takes `cost` from the limit, or nothing when it is refused. A named policy " +
    "is the same count that routes with this name take from; a key's own rate is the one its calls take from. Always 200.",
  access: "limits:check",
  mode: "read",
  audit: "none",
  body: Type.Object(
    {
      keyId: subject("An API key of the organization."),
      userId: subject("A user, of Portico or of the host application."),
      ip: subject("An address; IPv6 is counted by its /64."),
      name: subject("Anything else: a job, a tenant of the host application."),
      rateLimit: RateLimit,
      cost: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: COST_MAX,
          default: 1,
          description: "What the call takes; 0 only looks.",
        }),
      ),
    },
    { additionalProperties: false },
  ),
  replies: {
    200: Type.Object({
      allowed: Type.Boolean(),
      policy: Type.String(),
      limit: Type.Integer(),
      remaining: Type.Integer(),
      resetAt: Type.String({
        format: "date-time",
        description: "When all of it is back (allowed), or when to try again (refused).",
      }),
    }),
  },
  errors: ["limits.badLimit", "limits.badSubject"],
  example: { body: { userId: "42", rateLimit: 600, cost: 1 } },
  async handle({ body, caller, ctx }) {
    const face = ctx.get(Limits);
    const { rateLimit, cost = 1 } = body;
    const mistakes = face.mistakes([rateLimit]);
    if (mistakes.length > 0) {
      throw raise("limits.badLimit", { params: { mistakes: mistakes.join("; ") } });
    }
    const decision = await face.take({
      caller: internalCaller(caller.organization),
      address: "",
      place: {
        id: body.keyId === undefined ? "check" : "credential",
        api: "limits",
        limits: [rateLimit],
      },
      subject: subjectIn(body, caller.organization),
      cost,
    });
    // Nothing is under way here: of what counts calls under way, only the state is told.
    decision.release?.();
    const { allowed, policy, limit, remaining, resetMs } = decision;
    const resetAt = toRfc3339(Math.floor(ctx.clock.now()) + resetMs);
    return { allowed, policy, limit, remaining: Math.floor(remaining), resetAt };
  },
});

interface Subjects {
  readonly keyId?: string;
  readonly userId?: string;
  readonly ip?: string;
  readonly name?: string;
}

/** Subjects are the organization's own: nobody uses up what is another's. */
function subjectIn({ keyId, userId, ip, name }: Subjects, organization: string): string {
  const subjects = [
    ["key", keyId],
    ["user", userId],
    ["address", ip === undefined ? undefined : addressBucket(ip)],
    ["name", name],
  ] as const;
  const given = subjects.filter(([, id]) => id !== undefined);
  const [[kind, id] = []] = given;
  if (given.length !== 1 || kind === undefined || id === undefined) {
    const got = given.length === 0 ? "none" : given.map(([each]) => each).join(" and ");
    throw raise("limits.badSubject", { params: { got } });
  }
  return memberSubject(kind, organization, id);
}
