import { createTestApp } from "portico/testing";
import { describe, expect, it } from "vitest";
import { gateway } from "./index.ts";
import { httpUpstream, speak } from "./upstreams.fixture.ts";

const ask = (url: string, host: string): Promise<string> =>
  speak(url, `GET /a HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

describe("an API bound to a host", () => {
  it("is served under that name alone, in any case and with any port; others go to the API of all hosts", async () => {
    await using bound = await httpUpstream((_request, response) => response.end("the bound one"));
    await using any = await httpUpstream((_request, response) => response.end("the other"));
    const apis = [
      { id: "any", upstream: any.url },
      { id: "bound", upstream: bound.url, host: "Shop.example.com" },
    ];
    const app = await createTestApp({ plugins: [gateway()], settings: { gateway: { apis } } });
    const { url } = await app.listen("127.0.0.1", 0);
    for (const host of ["shop.example.com", "SHOP.EXAMPLE.COM", "shop.example.com:8443"]) {
      expect(await ask(url, host)).toContain("the bound one");
    }
    for (const host of ["example.com", "shop.example.com.evil.test", "xshop.example.com"]) {
      expect(await ask(url, host)).toContain("the other");
    }
    await app.stop(1_000);
  });

  it("is not there for other names when there is no other API", async () => {
    await using bound = await httpUpstream((_request, response) => response.end("the bound one"));
    const apis = [{ id: "bound", upstream: bound.url, host: "shop.example.com" }];
    const app = await createTestApp({ plugins: [gateway()], settings: { gateway: { apis } } });
    const { url } = await app.listen("127.0.0.1", 0);
    expect(await ask(url, "other.example.com")).toMatch(/^HTTP\/1\.1 404 /);
    expect(bound.seen).toHaveLength(0);
    await app.stop(1_000);
  });
});
