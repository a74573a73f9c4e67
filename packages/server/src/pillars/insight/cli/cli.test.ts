import type { CliInput, CliOutput } from "portico/kernel";
import { createTestApp } from "portico/testing";
import type { TestApp } from "portico/testing";
import { expect, it } from "vitest";
import { hello } from "../hello.fixture.ts";
import { insight } from "../index.ts";
import { plain } from "./lines.ts";

const open = (): Promise<TestApp> => createTestApp({ plugins: [hello, insight()] });

function inputOf(options: CliInput["options"] = {}, args: Record<string, string> = {}): CliInput {
  return { arguments: args, options };
}

async function run(
  app: TestApp,
  words: readonly [noun: string, verb: string],
  input: CliInput,
): Promise<CliOutput> {
  const [noun, word] = words;
  const found = app.cliVerbs().find(({ verb }) => verb.noun === noun && verb.verb === word);
  if (found === undefined) throw new TypeError(`there is no ${noun} ${word}`);
  return await found.verb.run(found.ctx, input, () => undefined);
}

/** What `tail` prints until it ends by itself or by the signal. */
async function tail(
  app: TestApp,
  input: CliInput,
  signal = new AbortController().signal,
): Promise<readonly CliOutput[]> {
  const found = app.cliVerbs().find(({ verb }) => verb.noun === "tail");
  const printed: CliOutput[] = [];
  const outputs = found?.verb.follow?.(found.ctx, input, signal) ?? [];
  for await (const output of outputs) printed.push(output);
  return printed;
}

it("requests list tells what fits, of one organization or of all", async () => {
  await using app = await open();
  await app.as({ permissions: [] }).get("/hello/ada");
  await app.as({ permissions: [], organization: "other" }).get("/hello/bob");
  await app.as({ permissions: [] }).get("/nothing");
  const paths = async (options: CliInput["options"]): Promise<readonly string[]> => {
    const { data } = await run(app, ["requests", "list"], inputOf(options));
    return (data as { data: readonly { path: string }[] }).data.map(({ path }) => path);
  };
  expect(await paths({})).toStrictEqual(["/api/v1/nothing", "/api/v1/hello/ada"]);
  expect(await paths({ status: "2xx" })).toStrictEqual(["/api/v1/hello/ada"]);
  expect(await paths({ organization: "other" })).toStrictEqual(["/api/v1/hello/bob"]);
  expect(await paths({ allOrganizations: true })).toHaveLength(3);
  expect(await paths({ since: "1m", limit: "1" })).toStrictEqual(["/api/v1/nothing"]);
  expect(await paths({ until: "1m" })).toStrictEqual([]);
});

it("options that cannot be read are refused with what is expected", async () => {
  await using app = await open();
  for (const options of [
    { status: "6xx" },
    { status: "ok" },
    { slow: "1s" },
    { slow: "-1" },
    { since: "yesterday-ish" },
    { limit: "1.5" },
  ]) {
    await expect(run(app, ["requests", "list"], inputOf(options))).rejects.toMatchObject({
      code: "insight.badOption",
    });
  }
});

it("requests show and explain tell the same of a row, and both that there is none", async () => {
  await using app = await open();
  await app.as({ permissions: [] }).get("/hello/ada", { "x-request-id": "the-request" });
  const shown = await run(app, ["requests", "show"], inputOf({}, { id: "the-request" }));
  const explained = await run(app, ["explain", ""], inputOf({}, { request: "the-request" }));
  expect(explained).toStrictEqual(shown);
  expect(shown.text).toContain("route   found  template=/api/v1/hello/{name}");
  for (const words of [["requests", "show"] as const, ["explain", ""] as const]) {
    const input = inputOf({}, { id: "no-such-request", request: "no-such-request" });
    await expect(run(app, words, input)).rejects.toMatchObject({ code: "insight.requestNotFound" });
  }
});

it("explain decides on paper", async () => {
  await using app = await open();
  const input = inputOf({}, { request: "get", path: "/api/v1/hello/ada" });
  const { data, text } = await run(app, ["explain", ""], input);
  expect(data).toMatchObject({ valid: false, route: "/api/v1/hello/{name}" });
  expect(text).toContain("401 access.unauthenticated");
});

it("tail tells what is answered from now on, filtered, and ends after so many", async () => {
  await using app = await open();
  await app.as({ permissions: [] }).get("/hello/before");
  const printed = tail(app, inputOf({ count: "2", status: "2xx" }));
  for (const name of ["a", "b", "c"]) {
    await app.as({ permissions: [] }).get("/nothing");
    await app.as({ permissions: [] }).get(`/hello/${name}`);
  }
  const paths = (await printed).map(({ data }) => (data as { path: string }).path);
  expect(paths).toStrictEqual(["/api/v1/hello/a", "/api/v1/hello/b"]);
});

it("tail ends with its signal", async () => {
  await using app = await open();
  const gone = new AbortController();
  const printed = tail(app, inputOf(), gone.signal);
  gone.abort();
  expect(await printed).toStrictEqual([]);
});

it("nothing that a caller sent can steer the terminal", () => {
  expect(plain("\u001b[2Jhello\r\n\u0007\u009b")).toBe("\uFFFD[2Jhello\uFFFD\uFFFD\uFFFD\uFFFD");
});
