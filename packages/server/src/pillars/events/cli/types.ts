import { DEFAULT_ORGANIZATION } from "portico/kernel";
import type { CliVerb } from "portico/kernel";
import { allTypes } from "../described-types.ts";
import { writeTypes } from "../write-types.ts";

/** `portico events types` */
export const typesVerb: CliVerb = {
  noun: "events",
  verb: "types",
  summary: "Write the event types as TypeScript",
  options: [
    {
      flag: "--organization <id>",
      description: "whose types, beside those of plugins",
      default: DEFAULT_ORGANIZATION,
    },
  ],
  async run(ctx, { options }) {
    const { organization } = options;
    const scope = {
      organization: typeof organization === "string" ? organization : DEFAULT_ORGANIZATION,
    };
    const types = await allTypes(ctx, ctx.store.read(scope));
    const text = writeTypes(types);
    return {
      data: { types: types.map(({ type }) => type), typescript: text },
      text: text.trimEnd(),
    };
  },
};
