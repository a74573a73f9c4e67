import { Buffer } from "node:buffer";
import { DEFAULT_ORGANIZATION, followLog, toRfc3339 } from "portico/kernel";
import type { CliInput, CliOutput, CliVerb, LogEvent, PluginContext } from "portico/kernel";
import { CONTENT_TYPES, envelope } from "../envelope.ts";
import { raise } from "../errors.ts";
import { newSecret, signature } from "../sign.ts";

/** `portico listen`: events of the running server, signed, to a program on the developer's machine. */
export const listenVerb: CliVerb = {
  noun: "listen",
  verb: "",
  summary: "Deliver events of the running server to a local program, as a webhook would",
  options: [
    { flag: "--forward <url>", description: "where to post them: http://localhost:3000/hook" },
    {
      flag: "--types <type>",
      description: "such as invoice.*; all when left out",
      isRepeatable: true,
    },
    {
      flag: "--secret <secret>",
      description: "whsec_ to sign with; a new one is shown when left out",
    },
    { flag: "--replay <id>", description: "deliver this one event of the past and end" },
    { flag: "--count <count>", description: "end after so many" },
    { flag: "--organization <id>", description: "whose events", default: DEFAULT_ORGANIZATION },
  ],
  run: async (ctx, input) => {
    const wanted = read(ctx, input);
    const id = text(input, "replay") ?? "";
    const event = await ctx.log.find(wanted.organization, id);
    if (event === undefined)
      throw raise("webhooks.badListen", { params: { reason: `there is no event '${id}'` } });
    return outputOf(ctx, event, wanted);
  },
  async *follow(ctx, input, signal): AsyncGenerator<CliOutput> {
    const wanted = read(ctx, input);
    if (text(input, "replay") !== undefined) {
      yield await listenVerb.run(ctx, input, () => undefined);
      return;
    }
    const { organization, types, secret, countMax } = wanted;
    yield { data: { secret }, text: `signing secret of this session: ${secret}` };
    let count = 0;
    if (countMax === 0) return;
    for await (const { event, dropped } of followLog(ctx.log, { organization, types }, signal)) {
      const hint = `${dropped} events came faster than they could be delivered.`;
      yield { ...outputOf(ctx, event, wanted), ...(dropped > 0 ? { hint } : {}) };
      count += 1;
      if (count >= countMax) return;
    }
  },
};

interface Wanted {
  readonly url: string;
  readonly secret: string;
  readonly types: readonly string[];
  readonly organization: string;
  readonly countMax: number;
}

const SECRET = /^whsec_(?:[A-Za-z0-9+/]{4}){4,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function read(ctx: PluginContext, input: CliInput): Wanted {
  const bad = (reason: string): Error => raise("webhooks.badListen", { params: { reason } });
  const url = text(input, "forward") ?? "";
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw bad("`--forward` is the address of a program, such as http://localhost:3000/hook");
  }
  const secret = text(input, "secret") ?? newSecret(ctx.fillRandom);
  if (!SECRET.test(secret)) throw bad("`--secret` is `whsec_` and base64");
  const count = text(input, "count");
  if (count !== undefined && !/^\d{1,9}$/.test(count)) throw bad("`--count` is a whole number");
  const { types } = input.options;
  return {
    url,
    secret,
    types: Array.isArray(types) && types.length > 0 ? (types as readonly string[]) : ["*"],
    organization: text(input, "organization") ?? DEFAULT_ORGANIZATION,
    countMax: count === undefined ? Infinity : Number(count),
  };
}

function text({ options }: CliInput, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

/** One event as the request that a webhook would make for it now. */
function outputOf(ctx: PluginContext, event: LogEvent, wanted: Wanted): CliOutput {
  const { id, type, at } = event;
  const { url, secret, organization } = wanted;
  const body = envelope(event, "standard", "");
  const timestamp = Math.floor(ctx.clock.now() / 1_000);
  return {
    data: { id, type, at: toRfc3339(at) },
    text: `${type}  ${id}`,
    send: {
      url,
      headers: {
        "content-type": CONTENT_TYPES.standard,
        "user-agent": `Portico/${ctx.server.version}`,
        "webhook-id": id,
        "webhook-timestamp": String(timestamp),
        "webhook-signature": signature({ id, timestamp, body }, [secret]),
      },
      body: Buffer.from(body).toString("base64"),
      again: { arguments: {}, options: { forward: url, secret, replay: id, organization } },
    },
  };
}
