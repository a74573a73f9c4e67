import { Buffer } from "node:buffer";
import { isJsonType } from "portico/kernel";
import type { Append, Caller, PluginContext, ProblemPlace, Read } from "portico/kernel";
import { under } from "./accept-schema.ts";
import { catalogueOf, rulesOf } from "./catalogue.ts";
import type { TypeRule } from "./catalogue.ts";
import { acceptData } from "./data.ts";
import { refuseReserved } from "./declared.ts";
import { raise } from "./errors.ts";
import { claimKey, fingerprintOf, knownKeys, replayOf } from "./event-keys.ts";
import type { KnownKey } from "./event-keys.ts";
import { memberBytes } from "./exact.ts";
import { judge } from "./schema/index.ts";
import { settingsOf } from "./settings.ts";
import type { NewEvent } from "./view.ts";

/** Of one request, whatever its events and their schemas: what is judged is judged while nobody else is served. */
const STEPS_MAX = 1_000_000;

/** What is known before events are written. */
export interface Prepared {
  /** Steps that may still be taken to judge the events of the request. */
  readonly steps: { left: number };
  readonly rules: ReadonlyMap<string, TypeRule>;
  /** Grows by the keys of the batch itself. */
  readonly keys: Map<string, KnownKey>;
}

/** What reading needs. */
interface Preparing {
  readonly caller: Caller;
  readonly read: Read;
  readonly ctx: PluginContext;
}

/** Reads what judging and recognising some events needs: nothing at all where it is in memory. */
export async function prepareEvents(
  events: readonly NewEvent[],
  { caller, read, ctx }: Preparing,
): Promise<Prepared> {
  const types = events.map(({ type }) => type);
  return {
    steps: { left: STEPS_MAX },
    rules: await rulesOf(ctx, read, { organization: caller.organization, types }),
    keys: await knownKeys(events, { read, ctx }),
  };
}

/** Where an event comes from and goes to. */
export interface Accepting {
  /** The bytes of the event's JSON, when it arrived as bytes. */
  readonly arrived: Uint8Array | undefined;
  /** Where the event lies in the body. */
  readonly pointer: string;
  readonly prepared: Prepared;
  readonly append: Append;
  readonly ctx: PluginContext;
}

/** An event that was accepted. */
export interface AcceptedEvent {
  readonly id: string;
  readonly warnings: readonly ProblemPlace[];
}

/**
 * Puts one event on the log, or finds that it is there already. Raises what must not be stored: types of plugins, data
 * that is too large, not one, or refused by the schema of its type.
 */
export function acceptEvent(event: NewEvent, accepting: Accepting): AcceptedEvent {
  const { append, ctx, prepared, pointer } = accepting;
  const { type, data: value, dataBase64, idempotencyKey: key, contentType, ...options } = event;
  refuseReserved(type, ctx);
  const bytes = bytesOf(event, accepting);
  const fingerprint = key === undefined ? "" : fingerprintOf(event, bytes);
  const replayed = key === undefined ? undefined : replayOf(key, fingerprint, prepared.keys);
  if (replayed !== undefined) return { id: replayed, warnings: [] };
  const rule = prepared.rules.get(type);
  const judged = dataBase64 === undefined ? { value } : undefined;
  const warnings =
    rule === undefined ? [] : judgeBy(rule, judged, { type, pointer, ctx, steps: prepared.steps });
  const id = append.emit(type, bytes, {
    ...options,
    ...(contentType === undefined ? {} : { contentType }),
  });
  if (key !== undefined) {
    claimKey(append, { key, event: id, fingerprint }, ctx);
    prepared.keys.set(key, { event: id, fingerprint });
  }
  return { id, warnings };
}

function bytesOf(event: NewEvent, { arrived, pointer, ctx }: Accepting): Uint8Array {
  const { data, dataBase64, contentType = "application/json" } = event;
  const { dataBytesMax: bytesMax } = settingsOf(ctx);
  const isJson = isJsonType(contentType);
  if (data !== undefined && dataBase64 === undefined && isJson) {
    const bytes = arrived === undefined ? undefined : memberBytes(arrived, "data");
    return acceptData(data, { arrived: bytes, bytesMax });
  }
  if (data === undefined && dataBase64 !== undefined && !isJson) {
    return acceptData(null, { arrived: Buffer.from(dataBase64, "base64"), bytesMax });
  }
  const [got, detail] =
    data !== undefined && dataBase64 !== undefined
      ? ["both", "stands beside `dataBase64`"]
      : data !== undefined
        ? ["`data` of the type " + contentType, "is for JSON; send other bytes as `dataBase64`"]
        : dataBase64 !== undefined
          ? ["`dataBase64` of JSON", "is missing, where JSON belongs"]
          : ["none", "is missing"];
  throw raise("events.oneData", {
    params: { got },
    errors: [{ pointer: `${pointer}/data`, detail }],
  });
}

function judgeBy(
  { schema, validation, version }: TypeRule,
  judged: { readonly value: unknown } | undefined,
  {
    type,
    pointer,
    ctx,
    steps,
  }: { type: string; pointer: string; ctx: PluginContext; steps: Prepared["steps"] },
): readonly ProblemPlace[] {
  const found =
    judged === undefined
      ? [{ pointer: "", detail: "is not JSON, which the schema describes" }]
      : judge(schema, judged.value, steps);
  if (found.length === 0) return found;
  const places = under(`${pointer}/data`, found);
  const outcome = validation === "enforce" ? "refused" : "stored";
  catalogueOf(ctx).unfit.add(1, { outcome });
  if (validation !== "enforce") return places;
  throw raise("events.dataUnfit", {
    params: { type, version, count: places.length },
    errors: places,
  });
}
