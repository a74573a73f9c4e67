import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../base/index.ts";
import { createOutbound } from "./index.ts";

interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A self-signed certificate for `a.test` and 127.0.0.1, made anew so that no private key lies in the tree. */
function makeCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), "portico-tls-"));
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const subject = ["-subj", "/CN=a.test", "-addext", "subjectAltName=DNS:a.test,IP:127.0.0.1"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  try {
    execFileSync(
      "openssl",
      ["req", "-x509", ...curve, "-days", "2", ...subject, "-keyout", key, "-out", cert],
      {
        stdio: "ignore",
      },
    );
    return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface SecureReceiver extends AsyncDisposable {
  readonly port: number;
  readonly serverNames: unknown[];
  readonly asked: string[];
}

async function receive(certificate: Certificate): Promise<SecureReceiver> {
  const [serverNames, asked]: [unknown[], string[]] = [[], []];
  const server = createServer(certificate, (request, response) => {
    asked.push(request.headers.host ?? "");
    response.end("ok");
  });
  server.on("secureConnection", (socket: TLSSocket) => serverNames.push(socket.servername));
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    serverNames,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

describe("https", () => {
  const certificate = makeCertificate();
  const options = {
    allow: ["127.0.0.0/8"],
    clock: systemClock,
    lookup: (): Promise<string[]> => Promise.resolve(["127.0.0.1"]),
  };

  it("sends the name of the URL in SNI and Host and checks the certificate against it, at the pinned address", async () => {
    await using receiver = await receive(certificate);
    const outbound = createOutbound({ ...options, trust: certificate.cert });
    const reply = await outbound.request({
      method: "GET",
      url: `https://A.test:${receiver.port}/`,
    });
    expect(reply).toMatchObject({ status: 200, address: "127.0.0.1" });
    expect(receiver.serverNames).toEqual(["a.test"]);
    expect(receiver.asked).toEqual([`a.test:${receiver.port}`]);
    await outbound.close();
  });

  it("sends no SNI for an address and checks the certificate against the address", async () => {
    await using receiver = await receive(certificate);
    const outbound = createOutbound({ ...options, trust: certificate.cert });
    await outbound.request({ method: "GET", url: `https://127.0.0.1:${receiver.port}/` });
    expect(receiver.serverNames).toEqual([false]);
    await outbound.close();
  });

  it("refuses a certificate of another name, with nothing sent", async () => {
    await using receiver = await receive(certificate);
    const outbound = createOutbound({ ...options, trust: certificate.cert });
    await expect(
      outbound.request({ method: "GET", url: `https://b.test:${receiver.port}/` }),
    ).rejects.toMatchObject({
      code: "outbound.unreachable",
      message: expect.stringContaining("ERR_TLS_CERT_ALTNAME_INVALID"),
    });
    expect(receiver.asked).toEqual([]);
    await outbound.close();
  });

  it("refuses a certificate that nobody vouches for", async () => {
    await using receiver = await receive(certificate);
    const outbound = createOutbound(options);
    await expect(
      outbound.request({ method: "GET", url: `https://a.test:${receiver.port}/` }),
    ).rejects.toMatchObject({ code: "outbound.unreachable" });
    expect(receiver.asked).toEqual([]);
    await outbound.close();
  });
});
