import { Type } from "typebox";
import { operation, toRfc3339 } from "portico/kernel";
import { OwnMailer } from "../mailer.ts";

/** `POST /mail/test`: whether mail leaves, found out by sending one. */
export const testMail = operation({
  id: "mail.test",
  method: "POST",
  path: "/mail/test",
  summary: "Send a test mail",
  description:
    "Sends one mail at once, past the jobs, and says how it went. That it was taken by the server does not mean that it was read.",
  access: "mail:test",
  mode: "write",
  limits: ["10/min"],
  body: Type.Object(
    { to: Type.String({ minLength: 3, maxLength: 254, examples: ["ada@example.com"] }) },
    { additionalProperties: false },
  ),
  replies: {
    200: Type.Object({
      transport: Type.String({ description: "`smtp`, `outbox` or `console`." }),
      durationMs: Type.Number(),
    }),
  },
  errors: ["mail.refused", "mail.unavailable", "mail.notSetUp", "mail.badAddress"],
  example: { body: { to: "ada@example.com" } },
  async prepare({ body, ctx }) {
    const from = ctx.clock.monotonic();
    const mailer = ctx.get(OwnMailer);
    const values = { at: toRfc3339(ctx.clock.now()) };
    await mailer.send({ to: body.to, template: "test", values });
    return { transport: mailer.kind, durationMs: Math.round(ctx.clock.monotonic() - from) };
  },
  handle: ({ prepared }) => Promise.resolve(prepared),
});
