import { parseJson } from "portico/kernel";
import type { CliVerb, PluginContext } from "portico/kernel";
import { Buffer } from "node:buffer";
import { acceptData } from "../data.ts";
import { raise } from "../errors.ts";
import { refuseReserved } from "../declared.ts";
import { settingsOf } from "../settings.ts";
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
      description: "its data; when left out that of the last event of the type, else {}",
    },
    { flag: "--subject <text>", description: "what it is about" },
    organizationOption,
  ],
  run: async (ctx, input) => {
    const { type = "" } = input.arguments;
    if (!TYPE.test(type)) {
      throw raise("events.badOption", {
        params: { option: "the type", wanted: "words, dots, `_` and `-`" },
      });
    }
    refuseReserved(type, ctx);
    const organization = organizationOf(input);
    const given = text(input, "data");
    const data = given === undefined ? await exampleOf(ctx, organization, type) : read(ctx, given);
    const subject = text(input, "subject");
    const options = { scope: { organization }, origin: ctx.newOrigin("cli") };
    const id = await ctx.store.append(options, (batch) =>
      batch.emit(type, data, subject === undefined ? {} : { subject }),
    );
    return {
      data: { id, type },
      text: id,
      hint: `what follows from it: GET /api/v1/events/${id}/thread`,
    };
  },
};

function read(ctx: PluginContext, given: string): Uint8Array {
  const arrived = Buffer.from(given);
  const parsed = parseJson(arrived, { allowBigNumbers: true });
  if (!parsed.ok) {
    throw raise("events.badOption", {
      params: { option: "--data", wanted: `JSON (${parsed.reason.detail})` },
    });
  }
  return acceptData(parsed.value, { arrived, bytesMax: settingsOf(ctx).dataBytesMax });
}

/** What such an event looks like, as far as it is known: the last one there was. */
async function exampleOf(
  ctx: PluginContext,
  organization: string,
  type: string,
): Promise<Uint8Array> {
  const [last] = await ctx.log.page({ organization, types: [type], order: "newest", limit: 1 });
  return last?.contentType === "application/json" ? last.data : Buffer.from("{}");
}
