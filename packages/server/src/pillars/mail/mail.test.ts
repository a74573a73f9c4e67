import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createTestApp, fakeClock } from "portico/testing";
import type { PluginContext } from "portico/kernel";
import { mail } from "./index.ts";
import type { MailSettings } from "./settings.ts";
import { openSmtpServer } from "./smtp-server.fixture.ts";
import { chooseTransport } from "./transports/index.ts";

const OPERATOR = { instancePermissions: ["mail:test", "server:read"] };
const VALUES = { subject: "s", text: "t", html: "h" };

describe("POST /mail/test", () => {
  it("200: sends one mail and says by what", async () => {
    await using server = await openSmtpServer();
    await using app = await createTestApp({
      plugins: [mail],
      settings: {
        mail: { host: "127.0.0.1", port: server.port, security: "none", from: "p@portico.test" },
      },
    });
    const reply = await app.as(OPERATOR).post("/mail/test", { to: "ada@example.com" });
    expect(reply.json()).toMatchObject({ transport: "smtp" });
    expect(reply.status).toBe(200);
    expect(server.taken).toHaveLength(1);
    expect(await app.events()).toEqual([]);
  });

  it("422 and 502: tells what the server said, without its words", async () => {
    await using server = await openSmtpServer();
    await using app = await createTestApp({
      plugins: [mail],
      settings: {
        mail: { host: "127.0.0.1", port: server.port, security: "none", from: "p@portico.test" },
      },
    });
    for (const [reply, expected] of [
      ["550 5.1.1 secret words", [422, "mail.refused"]],
      ["451 4.3.0 secret words", [502, "mail.unavailable"]],
    ] as const) {
      server.behave("rcpt", reply);
      const answer = await app.as(OPERATOR).post("/mail/test", { to: "ada@example.com" });
      expect([answer.status, (answer.json() as { code: string }).code]).toEqual(expected);
      expect(answer.text).not.toContain("secret words");
    }
  });

  it("409: refuses where mail is not set up; /health says so, and is degraded once somebody needed it", async () => {
    const clock = fakeClock();
    await using app = await createTestApp({
      plugins: [mail],
      settings: { mail: { transport: "none" } },
      clock,
    });
    const before = await app.as(OPERATOR).get("/health");
    expect(before.json()).toMatchObject({
      status: "ok",
      checks: { mail: { detail: expect.stringContaining("not set up") as string } },
    });
    await clock.advance(2_000);
    const answer = await app.as(OPERATOR).post("/mail/test", { to: "ada@example.com" });
    expect([answer.status, (answer.json() as { code: string }).code]).toEqual([
      409,
      "mail.notSetUp",
    ]);
    const health = await app.as(OPERATOR).get("/health");
    expect(health.json()).toMatchObject({
      status: "degraded",
      checks: {
        mail: {
          status: "warn",
          detail: expect.stringContaining("not set up") as string,
        },
      },
    });
  });

  it("403: an organization's all-powerful member sends none", async () => {
    await using app = await createTestApp({ plugins: [mail] });
    const answer = await app.as().post("/mail/test", { to: "ada@example.com" });
    expect(answer.status).toBe(403);
  });
});

describe("what is seen of it", () => {
  it("counts what was sent and what failed, and /health follows the last one", async () => {
    await using server = await openSmtpServer();
    await using app = await createTestApp({
      plugins: [mail],
      settings: {
        mail: { host: "127.0.0.1", port: server.port, security: "none", from: "p@portico.test" },
      },
    });
    const send = async (): Promise<number> =>
      (await app.as(OPERATOR).post("/mail/test", { to: "ada@example.com" })).status;
    server.behave("end", "451 later");
    expect(await send()).toBe(502);
    const { checks } = (await app.as(OPERATOR).get("/health")).json() as {
      checks: Record<string, { status: string }>;
    };
    expect(checks["mail"]?.status).toBe("warn");
    server.behave("end", undefined);
    expect(await send()).toBe(200);
    const metrics = (await app.inject({ method: "GET", url: "/metrics" })).text;
    expect(metrics).toMatch(/portico_mail_sent_total\{[^}]*template="test"[^}]*\} 1/);
    expect(metrics).toMatch(/portico_mail_failed_total\{[^}]*reason="mail.unavailable"[^}]*\} 1/);
  });
});

interface Facts {
  readonly mode?: "production" | "development" | "test";
  readonly dataFolder?: string;
}

function choose(settings: Partial<MailSettings>, facts: Facts): ReturnType<typeof chooseTransport> {
  const ctx = { settings, server: { mode: "production", ...facts } };
  // Nothing else of the context is asked while choosing.
  return chooseTransport(ctx as unknown as PluginContext<MailSettings>);
}

describe("the transport", () => {
  const dataFolder = tmpdir();
  it.each([
    [{}, { mode: "production", dataFolder }, "none"],
    [{}, { mode: "development", dataFolder }, "outbox"],
    [{}, { mode: "development" }, "console"],
    [{ host: "mx", from: "a@b" }, { mode: "production" }, "smtp"],
    [{ host: "mx", from: "a@b" }, { mode: "development", dataFolder }, "smtp"],
    [{ transport: "none", host: "mx", from: "a@b" }, {}, "none"],
    [{ transport: "outbox" }, { mode: "production", dataFolder }, "outbox"],
  ] as const)("of %j in %j is %s", (settings, facts, kind) => {
    expect(choose(settings, facts).kind).toBe(kind);
  });

  it.each([
    [{ transport: "smtp" }, {}],
    [{ host: "mx" }, {}],
    [{ transport: "outbox" }, {}],
    [{ transport: "console" }, { mode: "production" }],
  ] as const)("of %j in %j ends the start with what to set", (settings, facts) => {
    expect(() => choose(settings, facts)).toThrow(
      expect.objectContaining({ code: "mail.badSettings" }),
    );
  });
});

describe("the outbox", () => {
  it("holds whole messages that only their owner reads, and the newest thousand", async () => {
    const root = await mkdtemp(join(tmpdir(), "portico-outbox-"));
    try {
      const outbox = choose({ transport: "outbox" }, { dataFolder: root });
      const folder = join(root, "outbox");
      const write = async (at: number): Promise<void> => {
        const from = { name: "Acme", address: "a@b.example" };
        await outbox.deliver({ ...VALUES, id: "m", template: "test", from, to: "c@d.example", at });
      };
      await write(2);
      const [file = ""] = await readdir(folder);
      expect(file).toBe("1970-01-01T00-00-00-002Z-test-m.eml");
      expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
      expect((await stat(folder)).mode & 0o777).toBe(0o700);
      expect(await readFile(join(folder, file), "utf8")).toMatch(/^To: c@d\.example\r$/m);
      for (let n = 0; n < 1_000; n += 1) {
        await writeFile(join(folder, `1970-01-01T00-00-01-${String(n).padStart(3, "0")}Z.eml`), "");
      }
      await write(3_000);
      const left = await readdir(folder);
      expect(left).toHaveLength(1_000);
      expect(left).not.toContain(file);
    } finally {
      await rm(root, { recursive: true });
    }
  });
});
