import { DEFAULT_ORGANIZATION, parseDuration } from "portico/kernel";
import type { CliInput, CliOption, PluginContext } from "portico/kernel";
import { raise } from "../errors.ts";
import type { RequestFilters } from "../requests/index.ts";

/** Whose requests: the operator at the command line may see all. */
export const organizationOptions: readonly CliOption[] = [
  { flag: "--organization <id>", description: "whose requests", default: DEFAULT_ORGANIZATION },
  { flag: "--all-organizations", description: "those of everybody" },
];

/** What requests can be narrowed by, in lists and live. */
export const filterOptions: readonly CliOption[] = [
  { flag: "--status <status>", description: "a status, or a class such as 5xx" },
  { flag: "--method <method>", description: "such as POST" },
  { flag: "--route <template>", description: "such as /shop/invoices/{id}" },
  { flag: "--api <id>", description: "of this API; portico for own operations" },
  { flag: "--version-of-api <version>", description: "of this version" },
  { flag: "--key <id>", description: "made with this key" },
  { flag: "--subject <id>", description: "of this caller" },
  { flag: "--code <code>", description: "refused with this code" },
  { flag: "--slow <ms>", description: "that took at least so long" },
  ...organizationOptions,
];

/** An option's text. */
export function text({ options }: CliInput, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

/** The filters that were typed. Throws `insight.badOption`. */
export function filtersOf(input: CliInput): RequestFilters {
  const filters = {
    ...organizationOf(input),
    status: checked(input, {
      name: "status",
      shape: /^([1-5]xx|[1-5]\d\d)$/,
      expected: "404 or 5xx",
    }),
    method: text(input, "method")?.toUpperCase(),
    route: text(input, "route"),
    api: text(input, "api"),
    version: text(input, "versionOfApi"),
    credential: text(input, "key"),
    subject: text(input, "subject"),
    code: text(input, "code"),
    slow: numberOf(input, "slow"),
  };
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined));
}

/** The organization that was typed, or none for all. */
export function organizationOf(input: CliInput): Pick<RequestFilters, "organization"> {
  if (input.options["allOrganizations"] === true) return {};
  return { organization: text(input, "organization") ?? DEFAULT_ORGANIZATION };
}

/** A whole number of at least 0. Throws `insight.badOption`. */
export function numberOf(input: CliInput, name: string): number | undefined {
  const found = checked(input, { name, shape: /^\d{1,9}$/, expected: "a whole number" });
  return found === undefined ? undefined : Number(found);
}

/** A time so long ago, such as `15m`, or a date. Throws `insight.badOption`. */
export function timeOf(ctx: PluginContext, input: CliInput, name: string): number | undefined {
  const got = text(input, name);
  if (got === undefined) return undefined;
  const ago = parseDuration(got);
  if (ago !== undefined) return Math.floor(ctx.clock.now()) - ago;
  const at = Date.parse(got);
  if (Number.isFinite(at)) return at;
  const expected = "write how long ago, such as 15m, or a time such as 2026-01-31T12:00:00Z";
  throw raise("insight.badOption", { params: { option: `--${name}`, got, expected } });
}

function checked(
  input: CliInput,
  {
    name,
    shape,
    expected,
  }: { readonly name: string; readonly shape: RegExp; readonly expected: string },
): string | undefined {
  const got = text(input, name);
  if (got === undefined || shape.test(got)) return got;
  const params = { option: `--${name}`, got, expected: `write ${expected}` };
  throw raise("insight.badOption", { params });
}
