import { describe, expect, it } from "vitest";
import { createTestApp } from "portico/testing";
import type { TestApp } from "portico/testing";
import { webhooks } from "../webhooks/index.ts";
import { inbox } from "./index.ts";

interface State {
  readonly answer: string;
  readonly deliveries: readonly {
    readonly id: string;
    readonly attempt: number;
    readonly type: string | null;
    readonly webhook: string | null;
    readonly status: number;
  }[];
}

async function open(): Promise<TestApp> {
  return await createTestApp({
    plugins: [webhooks, inbox()],
    settings: { webhooks: { retryWaitsMs: [50, 50, 50, 50, 50, 50, 50, 50], retryJitter: 0 } },
  });
}

async function stateOf(app: TestApp): Promise<State> {
  return (await app.inject({ url: "/dev/inbox.json" })).json() as State;
}

async function answer(app: TestApp, name: string): Promise<number> {
  const body = { answer: name };
  return (await app.inject({ method: "POST", url: "/dev/inbox/answer", body })).status;
}

/** Waits until so many deliveries have come. */
async function until(app: TestApp, count: number): Promise<State> {
  for (;;) {
    const state = await stateOf(app);
    if (state.deliveries.length >= count) return state;
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}

describe("/dev/inbox", () => {
  it("shows the first delivery with its signature, its retries while the inbox fails, and its recovery", async () => {
    await using app = await open();
    const { url } = await app.listen("127.0.0.1", 0);
    expect(await answer(app, "fail")).toBe(204);
    const made = await app
      .as()
      .post("/webhooks", { url: `${url}/dev/inbox`, events: ["webhook.*"] });
    const { id } = made.json() as { readonly id: string };
    await app.as().patch(`/webhooks/${id}`, { description: "an event of this very webhook" });
    const failing = await until(app, 2);
    expect(failing.deliveries.map(({ webhook }) => webhook)).toEqual([id, id]);
    expect(failing.deliveries.map(({ attempt }) => attempt)).toEqual([2, 1]);
    expect(failing.deliveries[0]).toMatchObject({ type: "webhook.updated", status: 500 });
    await answer(app, "accept");
    const before = (await stateOf(app)).deliveries.length;
    const recovered = await until(app, before + 1);
    expect(recovered.deliveries[0]).toMatchObject({ status: 204, id: failing.deliveries[0]?.id });
  });

  it("says of a request that nobody here has signed that it is not genuine", async () => {
    await using app = await open();
    const { url } = await app.listen("127.0.0.1", 0);
    await app.as().post("/webhooks", { url: `${url}/dev/inbox`, events: ["none"] });
    const body = '{"type":"<script>alert(1)</script>"}';
    const headers = { "webhook-id": "m", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA" };
    await app.inject({ method: "POST", url: "/dev/inbox", headers, body });
    await app.inject({ method: "POST", url: "/dev/inbox", body: "" });
    const { deliveries } = await stateOf(app);
    expect(deliveries.map(({ webhook }) => webhook)).toEqual([null, null]);
    const page = await app.inject({ url: "/dev/inbox" });
    expect(page.text).toContain("not genuine");
    expect(page.text).not.toContain("<script");
    expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(page.text.match(/(?:src|href)=/g)).toBeNull();
  });

  it("keeps a hundred deliveries and no more", async () => {
    await using app = await open();
    for (let index = 0; index < 105; index += 1) {
      const headers = { "webhook-id": `m${index}` };
      await app.inject({ method: "POST", url: "/dev/inbox", headers, body: "{}" });
    }
    const { deliveries } = await stateOf(app);
    expect(deliveries).toHaveLength(100);
    expect(deliveries[0]?.id).toBe("m104");
  });

  it("ends what hangs when its server does", async () => {
    const app = await open();
    await answer(app, "hang");
    const hanging = app.inject({ method: "POST", url: "/dev/inbox", body: "{}" });
    await until(app, 1);
    await app.stop();
    expect((await hanging).status).toBe(204);
  });

  it("is switched by its own page and by programs, not by pages of other sites", async () => {
    await using app = await open();
    const send = (body: string, headers = {}): ReturnType<typeof app.inject> =>
      app.inject({ method: "POST", url: "/dev/inbox/answer", headers, body });
    const form = await send("answer=slow", { "sec-fetch-site": "same-origin" });
    expect([form.status, form.headers["location"]]).toEqual([303, "/dev/inbox"]);
    expect((await stateOf(app)).answer).toBe("slow");
    expect((await send("answer=fail", { "sec-fetch-site": "cross-site" })).status).toBe(403);
    for (const body of ["", "answer=", "answer=toString", '{"answer":"constructor"}', "{"]) {
      expect((await send(body)).status, body).toBe(422);
    }
    expect((await stateOf(app)).answer).toBe("slow");
  });
});
