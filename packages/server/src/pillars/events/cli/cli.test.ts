import { Buffer } from "node:buffer";
import type { CliInput, CliOutput } from "portico/kernel";
import { createTestApp } from "portico/testing";
import type { TestApp } from "portico/testing";
import { describe, expect, it } from "vitest";
import { events } from "../index.ts";

const open = (): Promise<TestApp> => createTestApp({ plugins: [events] });

function verbOf(app: TestApp, words: string) {
  const found = app.cliVerbs().find(({ verb }) => `${verb.noun} ${verb.verb}`.trim() === words);
  if (found === undefined) throw new TypeError(`there is no ${words}`);
  return found;
}

async function run(app: TestApp, words: string, input: Partial<CliInput>): Promise<CliOutput> {
  const { verb, ctx } = verbOf(app, words);
  return await verb.run(ctx, { arguments: {}, options: {}, ...input }, () => undefined);
}

async function trigger(app: TestApp, options: CliInput["options"] = {}): Promise<string> {
  const { data } = await run(app, "trigger", { arguments: { type: "invoice.sent" }, options });
  const { id } = data as { readonly id: string };
  const event = await app.spine.log.find(String(options["organization"] ?? "default"), id);
  return Buffer.from(event?.data ?? []).toString();
}

const schema = { type: "object", properties: { total: { type: "integer" } }, required: ["total"] };

describe("portico trigger", () => {
  it("publishes what was typed byte for byte, else the type's example, else the last event's data, else nothing", async () => {
    await using app = await open();
    expect(await trigger(app)).toBe("{}");
    expect(await trigger(app, { data: '{ "total": 1.0 }', subject: "inv_1" })).toBe(
      '{ "total": 1.0 }',
    );
    expect(await trigger(app)).toBe('{ "total": 1.0 }');
    // Of another organization nothing is known.
    expect(await trigger(app, { organization: "other" })).toBe("{}");
    await app.as().post("/event-types", { type: "invoice.sent", schema, example: { total: 42 } });
    expect(await trigger(app)).toBe('{"total":42}');
  });

  it("is judged by the schema of its type as every publication is", async () => {
    await using app = await open();
    const described = { type: "invoice.sent", schema, validation: "enforce" };
    await app.as().post("/event-types", described);
    await expect(trigger(app, { data: '{"total":"much"}' })).rejects.toMatchObject({
      code: "events.dataUnfit",
    });
  });

  it.each([
    [{ arguments: { type: "a b" } }, "events.badOption"],
    [{ arguments: { type: "" } }, "events.badOption"],
    [{ arguments: { type: "a" }, options: { data: "{" } }, "events.badOption"],
    [{ arguments: { type: "a" }, options: { data: '1},"type":{' } }, "events.badOption"],
    [{ arguments: { type: "event_type.created" } }, "events.reservedType"],
  ])("refuses %j as %s", async (input, code) => {
    await using app = await open();
    await expect(run(app, "trigger", input)).rejects.toMatchObject({ code });
    expect(await app.events()).toEqual([]);
  });
});

describe("portico events tail", () => {
  it("shows events of the types and the organization that were asked for, on one line each", async () => {
    await using app = await open();
    const { verb, ctx } = verbOf(app, "events tail");
    const options = { types: ["invoice.*"], count: "1" };
    const shown: CliOutput[] = [];
    const tailing = (async () => {
      const outputs = verb.follow?.(ctx, { arguments: {}, options }, new AbortController().signal);
      for await (const output of outputs ?? []) shown.push(output);
    })();
    await app.as().post("/events", { type: "order.made", data: {} });
    await trigger(app, { organization: "other" });
    await trigger(app, { data: '{"text":"line\\nbreak"}' });
    await tailing;
    expect(shown).toHaveLength(1);
    expect(shown[0]?.data).toMatchObject({ type: "invoice.sent", data: { text: "line\nbreak" } });
    expect(shown[0]?.text).not.toMatch(/\p{Cc}/u);
  });

  it("lists the newest where nothing can be followed, and refuses a count that is none", async () => {
    await using app = await open();
    await trigger(app);
    const { data } = await run(app, "events tail", { options: { types: ["invoice.*"] } });
    expect(data).toMatchObject({ data: [{ type: "invoice.sent" }] });
    const { verb, ctx } = verbOf(app, "events tail");
    const outputs = verb.follow?.(
      ctx,
      { arguments: {}, options: { count: "many" } },
      new AbortController().signal,
    );
    await expect(outputs?.[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "events.badOption",
    });
  });
});
