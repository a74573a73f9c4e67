import { afterEach, describe, expect, it } from "vitest";
import { createTestApp } from "portico/testing";
import type { TestApp } from "portico/testing";
import { isForGood } from "./capability.ts";
import { Mail, mail } from "./index.ts";
import type { MailMessage } from "./index.ts";
import { openSmtpServer } from "./smtp-server.fixture.ts";
import type { Behaviour, SmtpServer, Stage } from "./smtp-server.fixture.ts";

const MESSAGE: MailMessage = {
  to: "ada@example.com",
  template: "verifyEmail",
  values: { name: "Ada", link: "https://app.example.com/verify?t=abc", minutes: "30" },
};
const USER = { user: "portico", password: "correct horse" };
const apps: TestApp[] = [];

afterEach(async () => {
  for (const app of apps.splice(0)) await app.stop();
});

async function openMail(
  server: SmtpServer,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<TestApp> {
  const app = await createTestApp({
    plugins: [mail],
    settings: {
      mail: {
        host: "127.0.0.1",
        port: server.port,
        security: "none",
        from: "no-reply@portico.test",
        fromName: "Acme",
        ...settings,
      },
    },
  });
  apps.push(app);
  return app;
}

async function failure(app: TestApp, message: MailMessage = MESSAGE): Promise<unknown> {
  return await app
    .context("mail")
    .get(Mail)
    .send(message)
    .then(
      () => "sent",
      (error: unknown) => error,
    );
}

describe("a server that refuses", () => {
  it.each<[Stage, Behaviour]>([
    ["mail", "550 5.7.1 not with this sender"],
    ["rcpt", "550 5.1.1 <ada@example.com>: no such mailbox"],
    ["data", "554 5.5.1 no"],
    ["end", "554 5.6.0 this is spam"],
  ])("fails for good where %s is answered %s", async (stage, reply) => {
    await using server = await openSmtpServer();
    server.behave(stage, reply);
    const error = await failure(await openMail(server));
    expect(error).toMatchObject({ code: "mail.refused" });
    expect(isForGood(error)).toBe(true);
    // Becomes the error of a job, which the organization sees.
    expect((error as Error).message).toContain(reply.slice(0, 9));
    expect((error as Error).message).not.toContain("ada@");
    expect(server.taken).toEqual([]);
  });

  it.each<[Stage, Behaviour]>([
    ["greeting", "421 4.3.2 full"],
    ["greeting", "554 5.3.2 no mail here"],
    ["greeting", "disconnect"],
    ["ehlo", "disconnect"],
    ["mail", "451 4.3.0 later"],
    ["rcpt", "450 4.2.1 grey listed"],
    ["rcpt", "disconnect"],
    ["data", "451 4.3.0 later"],
    ["data", "disconnect"],
    ["end", "452 4.3.1 disk full"],
    ["end", "disconnect"],
    ["rcpt", "what?"],
  ])("is to be tried again where %s is answered %s", async (stage, behaviour) => {
    await using server = await openSmtpServer();
    server.behave(stage, behaviour);
    const app = await openMail(server, { connectTimeoutMs: 500, timeoutMs: 1_000 });
    const error = await failure(app);
    expect(error).toMatchObject({ code: "mail.unavailable" });
    expect(isForGood(error)).toBe(false);
    server.behave(stage, undefined);
    expect(await failure(app)).toBe("sent");
    expect(server.taken).toHaveLength(1);
  });

  it.each<[Stage, "hang" | "drip"]>([
    ["greeting", "hang"],
    ["mail", "hang"],
    ["end", "hang"],
    ["rcpt", "drip"],
  ])(
    "is left where it does not come to an end at %s (%s), and no connection stays",
    async (...at) => {
      await using server = await openSmtpServer();
      server.behave(...at);
      const app = await openMail(server, { connectTimeoutMs: 200, timeoutMs: 300 });
      const from = performance.now();
      expect(await failure(app)).toMatchObject({ code: "mail.unavailable" });
      expect(performance.now() - from).toBeLessThan(3_000);
      await expect.poll(() => server.open()).toBe(0);
    },
  );

  it("is to be tried again where nobody listens", async () => {
    const server = await openSmtpServer();
    await server[Symbol.asyncDispose]();
    expect(await failure(await openMail(server))).toMatchObject({ code: "mail.unavailable" });
  });
});

describe("secrets on the wire", () => {
  it("gives neither password nor message to a server that does not offer STARTTLS", async () => {
    await using server = await openSmtpServer({ auth: USER });
    const app = await openMail(server, { security: "starttls", ...USER });
    expect(await failure(app)).toMatchObject({ code: "mail.unavailable" });
    expect(server.lines.join("\n")).not.toMatch(/AUTH|MAIL|RCPT|verify/);
  });

  it("sends nothing to a server that a password is meant for and that asks for none", async () => {
    await using server = await openSmtpServer();
    const app = await openMail(server, USER);
    expect(await failure(app)).toMatchObject({ code: "mail.unavailable" });
    expect(server.taken).toEqual([]);
  });

  it("tries again where the password is not taken, since the operator mends it and not the receiver", async () => {
    await using server = await openSmtpServer({ auth: USER });
    const error = await failure(await openMail(server, { ...USER, password: "wrong" }));
    expect(error).toMatchObject({ code: "mail.unavailable" });
    expect((error as Error).message).not.toContain("wrong");
    expect(await failure(await openMail(server, USER))).toBe("sent");
  });
});

describe("a message", () => {
  it("arrives as text and HTML with one sender, receiver, date and Message-ID", async () => {
    await using server = await openSmtpServer();
    const app = await openMail(server);
    expect(await failure(app)).toBe("sent");
    const [taken] = server.taken;
    expect(taken).toMatchObject({ from: "no-reply@portico.test", to: "ada@example.com" });
    const [head = ""] = (taken?.source ?? "").split("\r\n\r\n");
    for (const [name, value] of [
      ["From", "Acme <no-reply@portico.test>"],
      ["To", "ada@example.com"],
      ["Subject", "Confirm your e-mail address"],
      ["Auto-Submitted", "auto-generated"],
    ]) {
      expect(head.split("\r\n").filter((line) => line.startsWith(`${name}:`))).toEqual([
        `${name}: ${value}`,
      ]);
    }
    expect(head).toMatch(/^Message-ID: <\S+@portico\.test>$/m);
    expect(taken?.source).toContain("Content-Type: text/plain");
    expect(taken?.source).toContain("Content-Type: text/html");
  });

  it("carries the same Message-ID at every try of one job, and another for another", async () => {
    await using server = await openSmtpServer();
    const app = await openMail(server);
    for (const id of ["job_1", "job_1", "job_2"]) {
      expect(await failure(app, { ...MESSAGE, id })).toBe("sent");
    }
    const [first, second, third] = server.taken.map(
      ({ source }) => /^Message-ID: (.*)$/m.exec(source)?.[1],
    );
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it.each([
    "ada@example.com\r\nBcc: all@example.com",
    "ada@example.com\nRCPT TO:<all@example.com>",
    "ada@example.com, all@example.com",
    "Ada <ada@example.com>",
    "ada@example.com>",
    "ada@ex\u0000ample.com",
    "ada",
    "",
    `${"a".repeat(65)}@example.com`,
    `a@${"b".repeat(253)}`,
  ])("goes nowhere where the address is %j", async (to) => {
    await using server = await openSmtpServer();
    const error = await failure(await openMail(server), { ...MESSAGE, to });
    expect(error).toMatchObject({ code: "mail.badAddress" });
    expect(isForGood(error)).toBe(true);
    expect(server.lines).toEqual([]);
  });

  it("has no header field that a value wrote", async () => {
    await using server = await openSmtpServer();
    const evil = "Acme\r\nBcc: all@example.com\r\n\r\n.\r\nMAIL FROM:<x@example.com>\u2028";
    const app = await openMail(server);
    const values = { organization: evil, inviter: evil, link: "https://a.example/", days: evil };
    expect(await failure(app, { ...MESSAGE, template: "invitation", values })).toBe("sent");
    expect(server.taken).toHaveLength(1);
    const [head = ""] = (server.taken[0]?.source ?? "").split("\r\n\r\n");
    expect(head).not.toMatch(/^Bcc/m);
    expect(server.lines.filter((line) => line.startsWith("MAIL FROM:<no-reply@"))).toHaveLength(1);
  });
});
