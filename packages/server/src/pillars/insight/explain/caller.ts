import { anonymous, Authenticators, isProblem } from "portico/kernel";
import type { Caller, PluginContext } from "portico/kernel";
import { raise } from "../errors.ts";

/** Whoever would send the request: the key of an id, or nobody. */
export interface Sender {
  readonly caller: Caller;
  /** The code with which the credential itself would be refused now. */
  readonly refusal: string | null;
}

/** How the sender is named: by the id of a key, or by the credential itself among the headers. */
export interface Named {
  readonly keyId: string | undefined;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Finds the caller. Throws `insight.keyNotFound`, also for keys of other organizations. */
export async function senderOf(
  ctx: PluginContext,
  organization: string,
  { keyId, headers }: Named,
): Promise<Sender> {
  if (keyId === undefined) return await fromHeaders(ctx, organization, headers);
  for (const { value } of ctx.contributions(Authenticators)) {
    const found = await value.lookUp?.(keyId);
    if (found !== undefined && found.caller.organization === organization) return found;
  }
  throw raise("insight.keyNotFound", { params: { id: keyId } });
}

/** Where a request on paper would come from. */
const HERE = "127.0.0.1";

async function fromHeaders(
  ctx: PluginContext,
  organization: string,
  headers: Readonly<Record<string, string>>,
): Promise<Sender> {
  try {
    const caller = await ctx.access.identify({ headers, remoteAddress: HERE });
    if (caller.kind === "anonymous") return { caller, refusal: null };
    if (caller.organization !== organization) {
      throw raise("insight.keyNotFound", { params: { id: "in the headers" } });
    }
    return { caller, refusal: null };
  } catch (error) {
    const isRefusal = isProblem(error) && error.status < 500 && error.status !== 404;
    if (!isRefusal) throw error;
    return { caller: anonymous, refusal: error.code };
  }
}
