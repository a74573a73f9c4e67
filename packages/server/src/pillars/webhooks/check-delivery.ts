import { Buffer } from "node:buffer";
import { equalSecrets } from "portico/kernel";
import type { PluginContext } from "portico/kernel";
import type { ArrivedDelivery, CheckedDelivery } from "./capability.ts";
import { signature } from "./sign.ts";
import { stateOf } from "./state.ts";
import { liveSecrets } from "./target.ts";

const WEBHOOKS_MAX = 100;

/** Finds the webhook whose secrets have signed a request that came to this path of the server. */
export async function checkDelivery(
  ctx: PluginContext,
  { path, id, timestamp, signature: given, body }: ArrivedDelivery,
): Promise<CheckedDelivery> {
  const signable = { id, timestamp: Number(timestamp), body };
  const sent = given.split(" ").map((each) => Buffer.from(each));
  for (const webhook of await webhooksAt(ctx, path)) {
    const target = await stateOf(ctx).targets.get(webhook.organization, webhook.id);
    const secrets = target === undefined ? [] : liveSecrets(target, ctx.clock.now());
    const wanted = signature(signable, secrets).split(" ");
    const isGenuine = wanted
      .map((each) => Buffer.from(each))
      .some((each) => each.byteLength > 0 && sent.some((one) => equalSecrets(one, each)));
    if (isGenuine) return { webhook: webhook.id, organization: webhook.organization };
  }
  return { webhook: null, organization: null };
}

interface Found {
  readonly id: string;
  readonly organization: string;
}

async function webhooksAt(ctx: PluginContext, path: string): Promise<readonly Found[]> {
  return await ctx.store
    .read("instance")
    .db<{ webhooks_webhooks: Found & { url: string } }>()
    .selectFrom("webhooks_webhooks")
    .select(["id", "organization"])
    .where("url", "like", `%${path}`)
    .orderBy("id", "desc")
    .limit(WEBHOOKS_MAX)
    .execute();
}
