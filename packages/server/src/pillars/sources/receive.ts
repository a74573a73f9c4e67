import { ownUrl, isProblem } from "portico/kernel";
import type { IntakeRequest, PageReply, PluginContext, Result } from "portico/kernel";
import { raise } from "./errors.ts";
import { eventTypeOf, isReserved } from "./event-type.ts";
import { externalIdOf, identityOf } from "./identity.ts";
import type { OpenSource } from "./keep-sources.ts";
import type { Provider } from "./providers/index.ts";
import { stateOf } from "./state.ts";
import { writeMessage } from "./store-message.ts";
import type { Judged } from "./store-message.ts";
import type { SourceTables } from "./tables.ts";
import { memberAt, readMessage, reasons, verify } from "./verification/index.ts";
import type { Message, Reason } from "./verification/index.ts";

/** `POST /in/{source}`: the bytes first, then their signature, then one durable batch, then the answer. */
export async function receive(request: IntakeRequest, ctx: PluginContext): Promise<PageReply> {
  const { source: name = "" } = request.path;
  const source = await stateOf(ctx).sources.find(name);
  if (source === undefined) throw raise("sources.notFound", { params: { id: name.slice(0, 64) } });
  request.belongsTo({ organization: source.organization, subject: source.id });
  if (request.method === "HEAD") return probed(source.provider);
  if (!source.isActive) throw raise("sources.inactive", { headers: { "retry-after": "600" } });
  const message = readMessage({ ...request, url: urlOf(request, source, ctx) });
  const arrival = { request, source, message, ctx };
  const verdict = judge(arrival);
  if (!verdict.ok) return await quarantine(arrival, verdict.reason);
  const handshake = handshakeOf(message, source.provider);
  if (handshake !== undefined) {
    count(arrival, "handshake");
    return handshake;
  }
  return await accept(arrival, verdict.value.content);
}

/** One request on its way in. */
interface Arrival {
  readonly request: IntakeRequest;
  readonly source: OpenSource;
  readonly message: Message;
  readonly ctx: PluginContext;
}

// The sender signs the address that it was given: ours, or that of whatever stands in front of us.
function urlOf({ url }: IntakeRequest, source: OpenSource, ctx: PluginContext): string {
  if (source.url === null) return new URL(ownUrl(ctx.server)).origin + url;
  const query = url.indexOf("?");
  return query < 0 ? source.url : source.url + url.slice(query);
}

function judge({ message, source, ctx }: Arrival): Result<{ content: Uint8Array }, Reason> {
  const nowMs = ctx.clock.now();
  const verdict = verify(message, {
    provider: source.provider,
    keys: source.keys.filter(({ until }) => until === null || until > nowMs).map(({ key }) => key),
    nowMs,
    toleranceMs: source.toleranceMs,
  });
  if (!verdict.ok) return verdict;
  const type = eventTypeOf(message, source.eventPrefix, source.provider);
  return isReserved(type, ctx) ? { ok: false, reason: "reservedType" } : verdict;
}

const ECHO_LENGTH_MAX = 1_024;

function handshakeOf(message: Message, { handshake }: Provider): PageReply | undefined {
  if (handshake === undefined) return undefined;
  const { pointer, equals, echo } = handshake;
  if (memberAt(message.json(), pointer) !== equals) return undefined;
  if (echo === undefined) return { status: 204, headers: {}, body: "" };
  const answer = memberAt(message.json(), echo);
  const isText = typeof answer === "string" && answer.length <= ECHO_LENGTH_MAX;
  const headers = { "content-type": "text/plain; charset=utf-8" };
  return isText ? { status: 200, headers, body: answer } : undefined;
}

function probed({ isProbed = false }: Provider): PageReply {
  if (isProbed) return { status: 200, headers: {}, body: "" };
  return { status: 405, headers: { allow: "POST, OPTIONS" }, body: "" };
}

function judged(arrival: Arrival, id: string): Omit<Judged, "identity" | "reason"> {
  const { request, source, message, ctx } = arrival;
  return {
    id,
    source: source.id,
    message,
    rawHeaders: request.rawHeaders,
    eventType: eventTypeOf(message, source.eventPrefix, source.provider),
    externalId: externalIdOf(message, source.provider),
    receivedAt: ctx.clock.now(),
    origin: { ...request.origin, actor: source.id },
  };
}

function store(arrival: Arrival, row: Judged): Promise<void> {
  const { source, ctx } = arrival;
  const options = { scope: { organization: source.organization }, origin: row.origin };
  return ctx.store.append(options, (batch) => {
    writeMessage(batch, row);
  });
}

async function accept(arrival: Arrival, content: Uint8Array): Promise<PageReply> {
  const { source, ctx } = arrival;
  const base = judged(arrival, ctx.makeId("message"));
  const identity = identityOf(base.externalId, content, source.provider);
  try {
    await store(arrival, { ...base, identity, reason: null });
  } catch (error) {
    if (identity === null || !isProblem(error) || error.code !== "store.conflict") throw error;
    const known = await findSame(arrival, identity);
    if (known === undefined) throw error;
    count(arrival, "repeated");
    return answer(source.provider, { status: 200, id: known, told: "repeated" });
  }
  count(arrival, "accepted");
  return answer(source.provider, { status: 202, id: base.id, told: "accepted" });
}

async function findSame({ source, ctx }: Arrival, identity: string): Promise<string | undefined> {
  const row = await ctx.store
    .read({ organization: source.organization })
    .db<SourceTables>()
    .selectFrom("sources_messages")
    .select("id")
    .where("source", "=", source.id)
    .where("identity", "=", identity)
    .executeTakeFirst();
  return row?.id;
}

function answer(
  provider: Provider,
  given: { readonly status: number; readonly id: string; readonly told: string },
): PageReply {
  if (provider.answer !== "accepted") return { status: 200, headers: {}, body: "" };
  return {
    status: given.status,
    headers: { "content-type": "application/json; charset=utf-8" },
    body: JSON.stringify({ id: given.id, status: given.told }),
  };
}

async function quarantine(arrival: Arrival, reason: Reason): Promise<PageReply> {
  const { source, ctx } = arrival;
  const row = judged(arrival, ctx.makeId("message"));
  const isKept = await stateOf(ctx).room.use(source, () =>
    store(arrival, { ...row, identity: null, reason }),
  );
  count(arrival, isKept ? "quarantined" : "dropped");
  const params = { reason: reasons[reason] };
  if (isKept && source.provider.answer === "silent") return { status: 401, headers: {}, body: "" };
  if (isKept) throw raise("sources.refused", { params });
  throw raise("sources.quarantineFull", { params, headers: { "retry-after": "60" } });
}

function count({ ctx }: Arrival, outcome: string): void {
  stateOf(ctx).messages.add(1, { outcome });
}
