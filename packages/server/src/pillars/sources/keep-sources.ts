import { DEFAULT_ORGANIZATION, isId } from "portico/kernel";
import type { PluginContext } from "portico/kernel";
import { findProvider, GENERIC, providerOf } from "./providers/index.ts";
import type { Provider, Scheme } from "./providers/index.ts";
import { openSecrets } from "./secrets.ts";
import type { SourceRow, SourceTables } from "./tables.ts";
import { readSecret } from "./verification/index.ts";
import type { VerificationKey } from "./verification/index.ts";

const KEPT_MAX = 10_000;
/** The kind under which changed sources are told to every process. */
export const SOURCE_CHANGED = "sources.source";

/** A source ready to judge messages. */
export interface OpenSource {
  readonly id: string;
  readonly organization: string;
  readonly provider: Provider;
  readonly eventPrefix: string;
  readonly keys: readonly { readonly key: VerificationKey; readonly until: number | null }[];
  readonly url: string | null;
  readonly toleranceMs: number | undefined;
  readonly isActive: boolean;
}

/** Sources with their secrets opened, kept in memory until a change is told. */
export interface KeptSources {
  /** The source that an address names: by its id, or by its slug where it is one of the organization `default`. */
  find(idOrSlug: string): Promise<OpenSource | undefined>;
  /** Forgets all: what was changed by this process is in force before its answer. */
  clear(): void;
  readonly stop: () => void;
}

/** Opens the memory of one server. */
export function keepSources(ctx: PluginContext): KeptSources {
  const kept = new Map<string, OpenSource>();
  let changes = 0;
  const stop = ctx.changes.watch(SOURCE_CHANGED, (id) => {
    changes += 1;
    for (const [name, source] of kept) if (id === "*" || source.id === id) kept.delete(name);
  });
  return {
    stop,
    clear: () => {
      changes += 1;
      kept.clear();
    },
    find: async (idOrSlug) => {
      const known = ctx.changes.stale() ? undefined : kept.get(idOrSlug);
      if (known !== undefined) return known;
      const before = changes;
      const source = await readSource(ctx, idOrSlug);
      // A change that was told while we read may be newer than what we read.
      if (source !== undefined && changes === before) {
        if (kept.size >= KEPT_MAX) kept.clear();
        kept.set(idOrSlug, source);
      }
      return source;
    },
  };
}

async function readSource(ctx: PluginContext, idOrSlug: string): Promise<OpenSource | undefined> {
  const isById = isId(idOrSlug);
  const read = ctx.store.read(isById ? "instance" : { organization: DEFAULT_ORGANIZATION });
  const row = await read
    .db<SourceTables>()
    .selectFrom("sources_sources")
    .selectAll()
    .where(isById ? "id" : "slug", "=", idOrSlug)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { organization, id } = row;
  const provider = providerFor(row);
  const secrets = openSecrets({ ctx, organization, source: id }, row.secrets);
  return {
    id,
    organization,
    provider,
    eventPrefix: row.eventPrefix,
    keys: secrets.flatMap(({ value, until }) => {
      const key = readSecret(value, provider.secret);
      return key.ok ? [{ key: key.value, until }] : [];
    }),
    url: row.url,
    toleranceMs: row.toleranceSeconds === null ? undefined : row.toleranceSeconds * 1_000,
    isActive: row.isActive === 1,
  };
}

/** The provider of a stored source, with its own scheme where it has one. */
export function providerFor({
  provider,
  scheme,
}: Pick<SourceRow, "provider" | "scheme">): Provider {
  const known = findProvider(provider);
  if (known !== undefined) return known;
  // Written by us, from a scheme that was accepted.
  const read = scheme === null ? undefined : providerOf(JSON.parse(scheme) as Scheme);
  if (read?.ok === true) return read.value;
  throw new TypeError(`The source's provider '${provider}' (${GENERIC}) is not known any more`);
}
