import { Buffer } from "node:buffer";
import { internalCaller, parseJson } from "portico/kernel";
import type { CliVerb, PluginContext } from "portico/kernel";
import { acceptEvent, prepareEvents } from "../accept-event.ts";
import { raise } from "../errors.ts";
import { findSchema, findType } from "../find-type.ts";
import { organizationOf, organizationOption, text } from "./options.ts";

const TYPE = /^[a-zA-Z0-9_.-]{1,128}$/;

/** `portico trigger <type>`: publishes one event, to see what follows from it. */
export const triggerVerb: CliVerb = {
  noun: "trigger",
  verb: "",
  summary: "Publish an event, to see what follows from it",
  arguments: [{ name: "type", description: "such as invoice.paid" }],
  options: [
    {
      flag: "--data <json>",
      description:
        "its data; when left out the example of the type, else that of its last event, else {}",
    },
    { flag: "--subject <text>", description: "what it is about" },
    organizationOption,
  ],
  run: async (ctx, input) => {
    const { type = "" } = input.arguments;
    if (!TYPE.test(type)) throw badOption("the type", "words, dots, `_` and `-`");
    const organization = organizationOf(input);
    const given = text(input, "data") ?? (await exampleOf(ctx, organization, type));
    const subject = text(input, "subject");
    const event = {
      type,
      data: valueOf(given),
      ...(subject === undefined ? {} : { subject }),
    };
    const caller = internalCaller(organization, "cli");
    const read = ctx.store.read({ organization });
    const prepared = await prepareEvents([event], { caller, read, ctx });
    const options = { scope: { organization }, origin: ctx.newOrigin("cli") };
    // The bytes as they were typed: parsing would lose `1.0`.
    const arrived = Buffer.from(`{"data":${given}}`);
    const { id } = await ctx.store.append(options, (append) =>
      acceptEvent(event, { arrived, pointer: "", prepared, append, ctx }),
    );
    return {
      data: { id, type },
      text: id,
      hint: `what follows from it: GET /api/v1/events/${id}/thread`,
    };
  },
};

function badOption(option: string, wanted: string): Error {
  return raise("events.badOption", { params: { option, wanted } });
}

function valueOf(json: string): unknown {
  const parsed = parseJson(json, { allowBigNumbers: true });
  if (!parsed.ok) throw badOption("--data", `JSON (${parsed.reason.detail})`);
  return parsed.value;
}

/** What such an event looks like, as far as it is known. */
async function exampleOf(ctx: PluginContext, organization: string, type: string): Promise<string> {
  const read = ctx.store.read({ organization });
  const described = await findType(read, type);
  const schema = described === undefined ? undefined : await findSchema(read, described);
  const example = schema?.example ?? null;
  if (example !== null) return example;
  const [last] = await ctx.log.page({ organization, types: [type], order: "newest", limit: 1 });
  return last?.contentType === "application/json" ? Buffer.from(last.data).toString() : "{}";
}
