// Where Portico's surface has a host of its own: nothing of it on another, and nothing of an application's on its.
import { expect, test } from "vitest";
import type { Front } from "../contract/index.ts";
import { testServer } from "./test-server.fixture.ts";

const offered: string[] = [];
const greedy: Front = {
  id: "greedy",
  take: ({ request, response }) => {
    offered.push(`${request.headers.host ?? ""}${request.url ?? ""}`);
    response.end("application");
    return true;
  },
};

test("an own host has all of our paths, no other host has any, and fronts are never offered what is ours", async () => {
  await using moved = await testServer({ ownHost: "portico.example.com", fronts: [greedy] });
  const ask = async (host: string, path: string): Promise<string> =>
    (await moved.send({ path, headers: { host } })).text;
  for (const host of ["portico.example.com", "PORTICO.example.com:8080"]) {
    expect(await ask(host, "/livez")).toBe("ok\n");
    expect(await ask(host, "/users")).toContain("request.notFound");
  }
  expect(offered).toEqual([]);
  for (const host of ["api.example.com", "portico.example.com.evil.test", "10.0.0.7:8080"]) {
    expect(await ask(host, "/livez")).toBe("application");
    expect(await ask(host, "/api/v1/notes")).toBe("application");
  }
  expect(offered).toHaveLength(6);
});

test("without fronts another host finds nothing; in memory our own surface is meant", async () => {
  await using moved = await testServer({ ownHost: "portico.example.com" });
  const elsewhere = await moved.send({ path: "/livez", headers: { host: "api.example.com" } });
  expect(elsewhere.json()).toMatchObject({
    status: 404,
    type: "https://portico.example.com/docs/errors/request.notFound",
  });
  expect((await moved.send({ path: "/livez" })).status).toBe(200);
});
