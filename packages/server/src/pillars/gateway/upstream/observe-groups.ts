import type { Logger, Meter } from "portico/kernel";
import type { GroupObserver } from "./group.ts";

/** What is told of groups is logged for operators and counted: names of groups are labels, addresses are not. */
export function observeGroups(meter: Meter, logger: Logger): GroupObserver {
  const retries = meter.counter("gateway_upstream_retries_total", "Calls sent once more", [
    "upstream",
  ]);
  const changes = meter.counter(
    "gateway_upstream_changes_total",
    "Targets that became healthy, unhealthy, ejected, or whose breaker opened, half opened, closed",
    ["upstream", "change"],
  );
  return {
    retried: (upstream) => retries.add(1, { upstream }),
    changed: ({ group, target, change, detail }) => {
      changes.add(1, { upstream: group, change });
      const isGood = change === "healthy" || change === "closed";
      const fields = { upstream: group, target, change, detail };
      if (isGood) logger.info(fields, "a target of an upstream is called again");
      else logger.warn(fields, "a target of an upstream is not called as usual");
    },
  };
}
