import { DEFAULT_ORGANIZATION } from "portico/kernel";
import type { CliOutput, CliVerb, Explanation, PluginContext } from "portico/kernel";
import { Insight } from "../capability.ts";
import { raise } from "../errors.ts";
import { explainRequest } from "../explain/index.ts";
import { viewRequestDetail } from "../requests/index.ts";
import { decisionLines, plain } from "./lines.ts";
import { organizationOf, organizationOptions, text } from "./options.ts";
import { textOf } from "./requests.ts";

/** `portico explain <id>` or `portico explain GET /path` */
export const explainVerb: CliVerb = {
  noun: "explain",
  verb: "",
  summary: "Explain what was decided about a request, or what would be",
  arguments: [
    { name: "request", description: "the id of a request, or a method" },
    { name: "path", description: "after a method: the path, with its query", isRequired: false },
  ],
  options: [
    { flag: "--key <id>", description: "as if it were sent with this key" },
    ...organizationOptions,
  ],
  async run(ctx, input) {
    const { request = "", path } = input.arguments;
    if (path === undefined) return await explainRow(ctx, request, organizationOf(input));
    const explained = await explainRequest(ctx, {
      organization: text(input, "organization") ?? DEFAULT_ORGANIZATION,
      method: request,
      path,
      keyId: text(input, "key"),
    });
    return { data: explained, text: explanationText(explained) };
  },
};

async function explainRow(
  ctx: PluginContext,
  id: string,
  whose: { readonly organization?: string },
): Promise<CliOutput> {
  const query = { ...whose, id, limit: 1, hasDetails: true };
  const [found] = await ctx.get(Insight).requests(query);
  if (found === undefined) throw raise("insight.requestNotFound", { params: { id } });
  return { data: viewRequestDetail(found.row), text: textOf(found.row) };
}

function explanationText(explained: Explanation): string {
  const { valid, route, api, permissions, rateLimit, decisions, problems } = explained;
  const facts = [
    `route        ${route ?? "none"}${api === null ? "" : ` of ${api}`}`,
    ...(permissions.length > 0 ? [`permissions  ${permissions.join(", ")}`] : []),
    ...(rateLimit.length > 0 ? [`rate limit   ${rateLimit.join(", ")}`] : []),
  ];
  return [
    valid ? "It would be let through." : "It would be refused.",
    ...facts.map(plain),
    ...decisionLines(decisions),
    ...problems.map(({ status, code, detail }) => plain(`  ${status} ${code}: ${detail}`)),
  ].join("\n");
}
