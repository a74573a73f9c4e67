import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import type { TLSSocket } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { fronting } from "./fronting.fixture.ts";
import { rawUpstream } from "./upstreams.fixture.ts";

interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Made anew for each run, so that no private key lies in the tree. */
function makeCertificate(names: string): Certificate {
  const folder = mkdtempSync(join(tmpdir(), "portico-gateway-tls-"));
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const subject = ["-subj", "/CN=upstream", "-addext", `subjectAltName=${names}`];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const files = ["-days", "2", "-keyout", key, "-out", cert];
  try {
    execFileSync("openssl", ["req", "-x509", ...curve, ...subject, ...files], { stdio: "ignore" });
    return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface SecureUpstream extends AsyncDisposable {
  readonly port: number;
  readonly serverNames: unknown[];
}

async function secureUpstream(certificate: Certificate): Promise<SecureUpstream> {
  const serverNames: unknown[] = [];
  const server = createServer(certificate, (request, response) => {
    let bytes = 0;
    request.on("data", (chunk: Buffer) => (bytes += chunk.length));
    request.on("end", () => response.end(`${request.headers.host} ${bytes}`));
  });
  server.on("secureConnection", (socket: TLSSocket) => serverNames.push(socket.servername));
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    serverNames,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const trusted = getCACertificates("default");

describe("an upstream behind TLS", () => {
  afterEach(() => setDefaultCACertificates(trusted));

  it.each(["localhost", "127.0.0.1"])(
    "is called by %s, kept, and streams both ways",
    async (host) => {
      const certificate = makeCertificate("DNS:localhost,IP:127.0.0.1");
      setDefaultCACertificates([...trusted, certificate.cert]);
      await using upstream = await secureUpstream(certificate);
      const url = `https://${host}:${upstream.port}`;
      await using app = await fronting({ url });
      const body = Buffer.alloc(1_000_000, 1);
      for (const each of [undefined, body, undefined]) {
        const reply = await fetch(app.url, { method: "POST", ...(each && { body: each }) });
        expect(await reply.text()).toBe(`${host}:${upstream.port} ${each?.length ?? 0}`);
      }
      // RFC 6066 §3: an address is no server name.
      expect(upstream.serverNames).toEqual([host === "localhost" ? host : false]);
    },
  );

  it.each([
    ["nobody vouches for", "DNS:localhost", false],
    ["is another's", "DNS:other.example.com", true],
  ])("is sent nothing when its certificate %s", async (_name, names, isTrusted) => {
    const certificate = makeCertificate(names);
    if (isTrusted) setDefaultCACertificates([...trusted, certificate.cert]);
    await using upstream = await secureUpstream(certificate);
    await using app = await fronting({ url: `https://localhost:${upstream.port}` });
    const reply = await fetch(app.url);
    expect(reply.status).toBe(502);
    expect(await reply.json()).toMatchObject({ code: "gateway.upstreamUnreachable" });
  });

  it("is answered as 504 when no connection stands in time", async () => {
    await using upstream = await rawUpstream(() => {});
    const url = upstream.url.replace("http:", "https:");
    await using app = await fronting({ url }, { timeouts: { connectMs: 150 } });
    const reply = await fetch(app.url);
    expect(reply.status).toBe(504);
    expect(await reply.json()).toMatchObject({ code: "gateway.upstreamTimeout" });
  });
});
