import { DEFAULT_ORGANIZATION, parseDuration } from "portico/kernel";
import type { CliInput, CliVerb, PluginContext } from "portico/kernel";
import { Keys } from "./capability.ts";
import type { NewKey } from "./create.ts";
import { raise } from "./errors.ts";
import { revoke } from "./revoke.ts";
import { settingsOf } from "./settings.ts";
import type { KeyTables } from "./tables.ts";
import { toView } from "./view.ts";

const ACTOR = "cli";
const LISTED_MAX = 200;
const organization = {
  flag: "--organization <id>",
  description: "whose key",
  default: DEFAULT_ORGANIZATION,
};

/** `portico keys create`: the only way to a key with permissions over the installation. */
export const createVerb: CliVerb = {
  noun: "keys",
  verb: "create",
  summary: "Create an API key and print it, this once",
  options: [
    { flag: "--root", description: "may do everything, also over the installation itself" },
    { flag: "--name <text>", description: "what people call it" },
    { flag: "--permission <permission>", description: "such as events:write", isRepeatable: true },
    { flag: "--environment <word>", description: "live, test, …" },
    { flag: "--rate-limit <count>", description: "requests per minute" },
    { flag: "--expires-in <duration>", description: "such as 90d; never when left out" },
    organization,
  ],
  async run(ctx, input) {
    const created = await ctx.get(Keys).create(newKeyOf(input, ctx), {
      organization: text(input, "organization") ?? DEFAULT_ORGANIZATION,
      origin: ctx.newOrigin(ACTOR),
    });
    return {
      data: created,
      text: created.key,
      hint: "This is shown once; Portico keeps only its hash. Keep it where secrets are kept.",
    };
  },
};

/** `portico keys list` */
export const listVerb: CliVerb = {
  noun: "keys",
  verb: "list",
  summary: `List the newest ${LISTED_MAX} API keys`,
  options: [organization],
  async run(ctx, input) {
    const scope = { organization: text(input, "organization") ?? DEFAULT_ORGANIZATION };
    const db = ctx.store.read(scope).db<KeyTables>();
    const select = db.selectFrom("keys_keys").selectAll().orderBy("id", "desc").limit(LISTED_MAX);
    const nowMs = ctx.clock.now();
    const keys = (await select.execute()).map((row) => toView(row, nowMs));
    const lines = keys.map(
      ({ id, environment, active, name }) =>
        `${id}  ${environment.padEnd(6)}${active ? "active  " : "inactive"}  ${name}`,
    );
    return { data: { data: keys }, text: lines.join("\n") };
  },
};

/** `portico keys revoke <id>` */
export const revokeVerb: CliVerb = {
  noun: "keys",
  verb: "revoke",
  summary: "Revoke an API key for good",
  arguments: [{ name: "id", description: "the key's id" }],
  options: [organization],
  async run(ctx, input) {
    const id = input.arguments["id"] ?? "";
    const scope = { organization: text(input, "organization") ?? DEFAULT_ORGANIZATION };
    ctx.get(Keys).distrust(id);
    const origin = ctx.newOrigin(ACTOR);
    const nowMs = Math.floor(ctx.clock.now());
    const row = await ctx.store.transaction({ scope, origin }, (tx) => revoke({ id, nowMs }, tx));
    if (row === undefined) throw raise("keys.notFound", { params: { id } });
    return { data: toView(row, nowMs), text: `${id} is revoked.` };
  },
};

function newKeyOf(input: CliInput, ctx: PluginContext): NewKey {
  const isRoot = input.options["root"] === true;
  const environment = settingsOf(ctx).environments[0] ?? "live";
  return {
    name: text(input, "name") ?? (isRoot ? "root" : "command line"),
    permissions: isRoot ? ["*"] : list(input, "permission"),
    instancePermissions: isRoot ? ["*"] : [],
    environment: text(input, "environment") ?? environment,
    rateLimit: rateLimitOf(text(input, "rateLimit")),
    userId: null,
    expiresAt: expiryOf(text(input, "expiresIn"), ctx),
    metadata: {},
    createdBy: ACTOR,
  };
}

function text({ options }: CliInput, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

function list({ options }: CliInput, name: string): readonly string[] {
  const value = options[name];
  if (typeof value === "string") return [value];
  return typeof value === "object" ? value : [];
}

function rateLimitOf(got: string | undefined): number | null {
  if (got === undefined) return null;
  if (/^[1-9]\d{0,7}$/.test(got)) return Number(got);
  const expected = "write a whole number of requests per minute";
  throw raise("keys.badOption", { params: { option: "--rate-limit", got, expected } });
}

function expiryOf(got: string | undefined, ctx: PluginContext): number | null {
  if (got === undefined) return null;
  const durationMs = parseDuration(got);
  if (durationMs !== undefined) return Math.floor(ctx.clock.now()) + durationMs;
  const expected = "write for instance 12h or 90d";
  throw raise("keys.badOption", { params: { option: "--expires-in", got, expected } });
}
