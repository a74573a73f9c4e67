import { expect, it } from "vitest";
import { definePlugin, isProblem, job, operation } from "portico/kernel";
import type { AnyPlugin } from "portico/kernel";
import { createTestApp, fakeClock } from "portico/testing";
import type { FakeClock, TestApp } from "portico/testing";
import { Type } from "typebox";
import { Mail, mail } from "./index.ts";
import { openSmtpServer } from "./smtp-server.fixture.ts";

/** A plugin that writes a letter as the face says. */
const letters: AnyPlugin = definePlugin({
  id: "letters",
  version: "1.0.0",
  engine: "^1",
  needs: ["mail"],
  jobs: {
    write: job({
      input: Type.Object({ to: Type.String() }),
      async run({ ctx, id, input: { to } }) {
        try {
          await ctx.get(Mail).send({ to, template: "test", values: {}, id });
          return { kind: "done" };
        } catch (error) {
          if (isProblem(error) && error.status < 500) {
            return { kind: "fail", error: error.message };
          }
          throw error;
        }
      },
    }),
  },
  operations: [
    operation({
      id: "letters.write",
      method: "POST",
      path: "/letters",
      summary: "Write a letter",
      access: "caller",
      mode: "write",
      body: Type.Object({ to: Type.String() }),
      replies: { 200: Type.Object({ job: Type.String() }) },
      example: { body: { to: "ada@example.com" } },
      async handle({ body, tx }) {
        return { job: tx.enqueue("write", body) };
      },
    }),
  ],
});

async function openLetters(port: number, clock: FakeClock): Promise<TestApp> {
  return await createTestApp({
    plugins: [mail, letters],
    settings: { mail: { host: "127.0.0.1", port, security: "none", from: "p@portico.test" } },
    clock,
  });
}

/** Passes time until it is so. */
async function until(clock: FakeClock, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const ask = async (): Promise<boolean> => {
    await clock.advance(500);
    return await isSo();
  };
  await expect.poll(ask, { timeout: 20_000, interval: 20 }).toBe(true);
}

const tries = (lines: readonly string[]): number =>
  lines.filter((line) => line.startsWith("RCPT")).length;

it("a mail that is not taken for now is sent again by its job, until it is taken once", async () => {
  await using server = await openSmtpServer();
  const clock = fakeClock();
  await using app = await openLetters(server.port, clock);
  server.behave("rcpt", "451 4.3.0 later");
  await app.as().post("/letters", { to: "ada@example.com" });
  await until(clock, () => tries(server.lines) >= 2);
  expect(server.taken).toEqual([]);
  server.behave("rcpt", undefined);
  await until(clock, () => server.taken.length > 0);
  await app.settled();
  expect(server.taken).toHaveLength(1);
});

it("a mail that is refused for good is tried once, and its job fails with the reply's code", async () => {
  await using server = await openSmtpServer();
  const clock = fakeClock();
  await using app = await openLetters(server.port, clock);
  server.behave("rcpt", "550 5.1.1 <ada@example.com> unknown");
  await app.as().post("/letters", { to: "ada@example.com" });
  const failed = async (): Promise<readonly unknown[]> =>
    (await app.events()).filter(({ type }) => type === "job.failed").map(({ data }) => data);
  await until(clock, async () => (await failed()).length > 0);
  await clock.advance(3_600_000);
  expect(tries(server.lines)).toBe(1);
  const told = JSON.stringify(await failed());
  expect(told).toContain("550 5.1.1");
  expect(told).not.toContain("unknown");
});
