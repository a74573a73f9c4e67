import { Retention } from "portico/kernel";
import type { PluginContext, RetentionPolicy } from "portico/kernel";
import { settingsOf } from "./settings.ts";
import type { EventSettings } from "./settings.ts";

const DAY_MS = 86_400_000;

/** How long events are kept, as the settings say; what any plugin still needs stays longer. */
export function retentionOf(ctx: PluginContext): RetentionPolicy {
  let read: { readonly settings: EventSettings; readonly rules: Rules } | undefined;
  // Asked for each event: made anew only when the settings have changed.
  const rules = (): Rules => {
    const settings = settingsOf(ctx);
    if (read?.settings !== settings) read = { settings, rules: rulesOf(settings) };
    return read.rules;
  };
  return {
    get shortestMs() {
      return rules().shortestMs;
    },
    keptMs: (type) => rules().keptMs(type),
    needed: async (query) => {
      const holds = ctx.contributions(Retention);
      const told = await Promise.all(holds.map(({ value, ctx: own }) => value.needed(query, own)));
      return told.flat();
    },
    letGo: async (query) => {
      for (const { value, ctx: own } of ctx.contributions(Retention))
        await value.letGo?.(query, own);
    },
  };
}

type Rules = Pick<RetentionPolicy, "keptMs" | "shortestMs">;

function rulesOf({ retentionDays, retentionDaysByType }: EventSettings): Rules {
  const rules = Object.entries(retentionDaysByType)
    .map(([pattern, days]) => ({ pattern, keptMs: inMs(days) }))
    .toSorted((one, other) => other.pattern.length - one.pattern.length);
  const otherwise = inMs(retentionDays);
  return {
    shortestMs: Math.min(otherwise, ...rules.map(({ keptMs }) => keptMs)),
    keptMs: (type) => rules.find(({ pattern }) => fits(pattern, type))?.keptMs ?? otherwise,
  };
}

function inMs(days: number): number {
  return days === 0 ? Infinity : days * DAY_MS;
}

function fits(pattern: string, type: string): boolean {
  return pattern.endsWith("*") ? type.startsWith(pattern.slice(0, -1)) : pattern === type;
}
