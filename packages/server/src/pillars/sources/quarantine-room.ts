import type { PluginContext } from "portico/kernel";
import type { OpenSource } from "./keep-sources.ts";
import { settingsOf } from "./settings.ts";
import type { SourceTables } from "./tables.ts";

const SOURCES_MAX = 10_000;

/** How much a stranger may make us keep: so many messages for each second of this process, and so many at all. */
export interface QuarantineRoom {
  /** Stores a message where there is room, and answers whether there was. */
  use(source: OpenSource, store: () => Promise<void>): Promise<boolean>;
}

interface Used {
  second: number;
  inSecond: number;
  /** On their way to the store: the count of those that are there does not know them. */
  underWay: number;
}

/** Opens the room of one server. */
export function openQuarantineRoom(ctx: PluginContext): QuarantineRoom {
  const { quarantinePerSecond, quarantineMax } = settingsOf(ctx);
  const all = new Map<string, Used>();
  return {
    use: async (source, store) => {
      const used = usedOf(all, source.id, Math.floor(ctx.clock.monotonic() / 1_000));
      if (used.inSecond >= quarantinePerSecond) return false;
      used.inSecond += 1;
      const before = used.underWay;
      used.underWay += 1;
      try {
        if ((await countQuarantined(ctx, source)) + before >= quarantineMax) return false;
        await store();
        return true;
      } finally {
        used.underWay -= 1;
      }
    },
  };
}

function usedOf(all: Map<string, Used>, id: string, second: number): Used {
  const used = all.get(id) ?? { second, inSecond: 0, underWay: 0 };
  if (used.second !== second) Object.assign(used, { second, inSecond: 0 });
  if (all.size >= SOURCES_MAX) all.clear();
  all.set(id, used);
  return used;
}

async function countQuarantined(ctx: PluginContext, source: OpenSource): Promise<number> {
  const { count } = await ctx.store
    .read({ organization: source.organization })
    .db<SourceTables>()
    .selectFrom("sources_messages")
    .select((row) => row.fn.countAll().as("count"))
    .where("source", "=", source.id)
    .where("state", "=", "quarantined")
    .executeTakeFirstOrThrow();
  return Number(count);
}
