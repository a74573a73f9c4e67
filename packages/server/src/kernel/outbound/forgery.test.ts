// The case table of server-side request forgery: every way known to us in which a URL that a tenant sets could reach the
// machine itself, its neighbours or its cloud. Each is sent to a receiver that listens there: none may be connected to.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../base/index.ts";
import { createOutbound } from "./index.ts";
import type { GuardedOutbound, Lookup } from "./index.ts";

interface Target extends AsyncDisposable {
  readonly port: number;
  /** Connections, whatever was said on them. */
  readonly reached: () => number;
  /** Paths that were asked for. */
  readonly asked: string[];
}

/** Listens on one address of the machine, and answers a redirect where a path names one. */
async function listen(host: string, location = "http://127.0.0.1/"): Promise<Target> {
  let connections = 0;
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const status = Number(/^\/(30[1-8])$/.exec(request.url ?? "")?.[1] ?? 200);
    response.writeHead(status, status === 200 ? {} : { location }).end("secret");
  });
  server.on("connection", () => (connections += 1));
  server.listen(0, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    reached: () => connections,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function client(lookup: Lookup, allow: readonly string[] = []): GuardedOutbound & AsyncDisposable {
  const made = createOutbound({ allow, clock: systemClock, lookup });
  return { ...made, [Symbol.asyncDispose]: () => made.close() };
}

const unknown: Lookup = () => Promise.resolve([]);

/** Spellings of the machine itself; `{port}` is one that listens. */
const LOOPBACK = [
  "http://127.0.0.1:{port}/",
  "http://127.1:{port}/",
  "http://127.0.1:{port}/",
  "http://0x7f.1:{port}/",
  "http://0x7f.0x0.0x0.0x1:{port}/",
  "http://0177.0.0.1:{port}/",
  "http://2130706433:{port}/",
  "http://0x7f000001:{port}/",
  "http://017700000001:{port}/",
  "http://127.0.0.1.:{port}/",
  "http://①②⑦.0.0.1:{port}/",
  "http://127。0。0。1:{port}/",
  "http://%31%32%37.0.0.1:{port}/",
  "http://0:{port}/",
  "http://0.0.0.0:{port}/",
  "http://[::]:{port}/",
  "http://[::1]:{port}/",
  "http://[0:0:0:0:0:0:0:1]:{port}/",
  "http://[::127.0.0.1]:{port}/",
  "http://[::ffff:127.0.0.1]:{port}/",
  "http://[::ffff:7f00:1]:{port}/",
  "http://[::ffff:0:127.0.0.1]:{port}/",
  "http://[64:ff9b::7f00:1]:{port}/",
  "http://[64:ff9b::127.0.0.1]:{port}/",
  "http://[64:ff9b:1::7f00:1]:{port}/",
  "http://[2002:7f00:1::]:{port}/",
  "http://[2001::1]:{port}/",
  "http://user:pass@127.0.0.1:{port}/",
  "http://example.com@127.0.0.1:{port}/",
  "http://127.0.0.1:{port}#@example.com/",
  "http:\\\\127.0.0.1:{port}\\",
];

/** Where clouds keep credentials, and where networks keep their own. */
const ELSEWHERE = [
  "http://169.254.169.254/latest/meta-data/",
  "http://[::ffff:a9fe:a9fe]/latest/meta-data/",
  "http://[64:ff9b::a9fe:a9fe]/",
  "http://[fd00:ec2::254]/latest/meta-data/",
  "http://0xa9fea9fe/",
  "http://2852039166/",
  "http://168.63.129.16/",
  "http://100.100.100.200/",
  "http://100.64.0.1/",
  "http://10.0.0.1/",
  "http://172.16.0.1/",
  "http://192.168.0.1/",
  "http://192.0.0.192/",
  "http://198.18.0.1/",
  "http://224.0.0.1/",
  "http://240.0.0.1/",
  "http://255.255.255.255/",
  "http://[fc00::1]/",
  "http://[fe80::1]/",
  "http://[ff02::1]/",
  "http://[5f00::1]/",
  "http://[2001:db8::1]/",
];

describe("a URL that a tenant sets", () => {
  it.each(LOOPBACK)("does not reach the machine itself as %s", async (url) => {
    await using target = await listen("127.0.0.1");
    await using outbound = client(unknown);
    const asked = url.replace("{port}", String(target.port));
    expect(outbound.objection(asked)).toEqual(expect.any(String));
    await expect(outbound.request({ method: "POST", url: asked })).rejects.toMatchObject({
      code: "outbound.refused",
    });
    expect(target.reached()).toBe(0);
  });

  it.each(ELSEWHERE)("does not lead to %s", async (url) => {
    await using outbound = client(unknown);
    await expect(outbound.request({ method: "GET", url })).rejects.toMatchObject({
      code: "outbound.refused",
    });
  });

  it.each([301, 302, 303, 307, 308])("is not followed to the machine by a %i", async (status) => {
    await using inner = await listen("127.0.0.1");
    await using outer = await listen("127.0.0.2", `http://127.0.0.1:${inner.port}/`);
    await using outbound = client(() => Promise.resolve(["127.0.0.2"]), ["127.0.0.2/32"]);
    const url = `http://redirecting.test:${outer.port}/${status}`;
    const headers = { authorization: "Bearer of-the-receiver" };
    const reply = await outbound.request({ method: "POST", url, headers, body: "{}" });
    expect([reply.status, outer.asked, inner.reached()]).toEqual([status, [`/${status}`], 0]);
  });
});

describe("a name that a tenant owns", () => {
  it.each([
    ["A and AAAA, one of them the machine", ["127.0.0.2", "::1"]],
    ["AAAA and A, one of them the machine", ["::1", "127.0.0.2"]],
    ["the machine behind its neighbour", ["127.0.0.2", "127.0.0.1"]],
    ["a mapped address", ["::ffff:127.0.0.1"]],
    ["an address with a zone", ["fe80::1%lo"]],
    ["a name for an address", ["localhost"]],
  ])("with %s is connected to at none of them", async (_what, addresses) => {
    await using machine = await listen("127.0.0.1");
    await using neighbour = await listen("127.0.0.2");
    await using outbound = client(() => Promise.resolve(addresses), ["127.0.0.2/32"]);
    for (const { port } of [machine, neighbour]) {
      const url = `http://mixed.test:${port}/`;
      await expect(outbound.request({ method: "GET", url })).rejects.toMatchObject({
        code: "outbound.refused",
      });
    }
    expect([machine.reached(), neighbour.reached()]).toEqual([0, 0]);
  });

  it("that is answered otherwise the second time does not reach the machine, on no open connection either", async () => {
    await using machine = await listen("127.0.0.1");
    await using neighbour = await listen("127.0.0.2");
    const answers = [["127.0.0.2"], ["127.0.0.1"]];
    let asked = 0;
    const lookup: Lookup = () => Promise.resolve(answers[asked++ % 2] ?? []);
    await using outbound = client(lookup, ["127.0.0.2/32"]);
    for (let round = 0; round < 4; round += 1) {
      const url = `http://rebinding.test:${neighbour.port}/`;
      const outcome = outbound.request({ method: "GET", url }).then(
        (reply) => reply.address,
        (error: { code: string }) => error.code,
      );
      expect(await outcome).toBe(round % 2 === 0 ? "127.0.0.2" : "outbound.refused");
    }
    const url = `http://rebinding.test:${machine.port}/`;
    asked = 1;
    await expect(outbound.request({ method: "GET", url })).rejects.toMatchObject({
      code: "outbound.refused",
    });
    expect(machine.reached()).toBe(0);
  });

  it("is asked for once a request: the address that was judged is the one that is connected to", async () => {
    await using machine = await listen("127.0.0.1");
    await using neighbour = await listen("127.0.0.2");
    let asked = 0;
    const lookup: Lookup = () =>
      Promise.resolve((asked += 1) === 1 ? ["127.0.0.2"] : ["127.0.0.1"]);
    await using outbound = client(lookup, ["127.0.0.0/8"]);
    const url = `http://once.test:${neighbour.port}/`;
    expect(await outbound.request({ method: "GET", url })).toMatchObject({ address: "127.0.0.2" });
    expect([asked, machine.reached()]).toEqual([1, 0]);
  });
});

describe("what a refusal tells", () => {
  it("is no address of the network inside", async () => {
    await using outbound = client(() => Promise.resolve(["10.20.30.40"]));
    const failed = await outbound
      .request({ method: "GET", url: "http://inside.test/" })
      .catch((error: unknown) => error as Error);
    expect((failed as Error).message).not.toContain("10.20.30.40");
  });
});
