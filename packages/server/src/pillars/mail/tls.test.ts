import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterEach, expect, it } from "vitest";
import { createTestApp } from "portico/testing";
import { Mail, mail } from "./index.ts";
import { openSmtpServer } from "./smtp-server.fixture.ts";
import type { SmtpServer, SmtpServerOptions } from "./smtp-server.fixture.ts";

const USER = { user: "portico", password: "correct horse" };
const trusted = getCACertificates("default");

afterEach(() => setDefaultCACertificates(trusted));

/** Made anew for each run, so that no private key lies in the tree. */
function makeCertificate(names: string): { readonly cert: string; readonly key: string } {
  const folder = mkdtempSync(join(tmpdir(), "portico-mail-tls-"));
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const subject = ["-subj", "/CN=mail", "-addext", `subjectAltName=${names}`];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const files = ["-days", "2", "-keyout", key, "-out", cert];
  try {
    execFileSync("openssl", ["req", "-x509", ...curve, ...subject, ...files], { stdio: "ignore" });
    return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function sent(server: SmtpServer, security: string): Promise<unknown> {
  const from = "no-reply@portico.test";
  const settings = { host: "localhost", port: server.port, security, from, ...USER };
  await using app = await createTestApp({
    plugins: [mail],
    settings: { mail: { ...settings, connectTimeoutMs: 1_000, timeoutMs: 2_000 } },
  });
  return await app
    .context("mail")
    .get(Mail)
    .send({ to: "ada@example.com", template: "test", values: {} })
    .then(
      () => "sent",
      (error: unknown) => (error as { readonly code: string }).code,
    );
}

const FORMS: readonly (readonly [string, SmtpServerOptions])[] = [
  ["starttls", { auth: USER }],
  ["tls", { auth: USER, isTls: true }],
];

it.each(FORMS)(
  "%s: a server whose certificate is trusted takes the mail",
  async (form, options) => {
    const certificate = makeCertificate("DNS:localhost");
    setDefaultCACertificates([...trusted, certificate.cert]);
    await using server = await openSmtpServer({ ...options, certificate });
    expect(await sent(server, form)).toBe("sent");
    expect(server.taken).toHaveLength(1);
  },
);

it.each(
  FORMS.flatMap(([form, options]) =>
    [
      ["is signed by nobody", "DNS:localhost", false],
      ["is another host's", "DNS:mail.example", true],
    ].map(([name, host, isTrusted]) => [form, name, { host, isTrusted, options }] as const),
  ),
)(
  "%s: a server is given neither password nor mail when its certificate %s",
  async (form, _name, at) => {
    const certificate = makeCertificate(String(at.host));
    if (at.isTrusted === true) setDefaultCACertificates([...trusted, certificate.cert]);
    await using server = await openSmtpServer({ ...at.options, certificate });
    expect(await sent(server, form)).toBe("mail.unavailable");
    expect(server.lines.join("\n")).not.toMatch(/AUTH|MAIL/);
  },
);

it("starttls: what somebody in between answers in the clear is not believed", async () => {
  const certificate = makeCertificate("DNS:localhost");
  setDefaultCACertificates([...trusted, certificate.cert]);
  const injected = "250 loopback\r\n250 2.1.0 ok\r\n550 5.1.1 no such mailbox\r\n";
  await using server = await openSmtpServer({ auth: USER, certificate, injected });
  expect(await sent(server, "starttls")).toBe("sent");
  expect(server.taken).toHaveLength(1);
});
