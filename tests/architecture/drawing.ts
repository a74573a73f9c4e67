import type { Plan } from "./plan.ts";

const BEGIN = "<!-- arrows: drawn from architecture.json by `npm run draw` -->";
const END = "<!-- /arrows -->";

/** The block of ARCHITECTURE.md that shows the plan. */
export function drawArrows(plan: Plan): string {
  const floors = plan.floors.flatMap(({ name, may }) => may.map((to) => `  ${name} --> ${to}`));
  const pillars = Object.entries(plan.pillarArrows).flatMap(([from, tos]) =>
    tos.map((to) => `  ${from} -.-> ${to}`),
  );
  return [BEGIN, "", "```mermaid", "flowchart TD", ...floors, ...pillars, "```", "", END].join(
    "\n",
  );
}

/** Puts the block in the place of the old one. */
export function replaceBlock(document: string, block: string): string {
  const from = document.indexOf(BEGIN);
  const to = document.indexOf(END);
  if (from < 0 || to < from) throw new TypeError(`ARCHITECTURE.md has no block '${BEGIN}'`);
  return document.slice(0, from) + block + document.slice(to + END.length);
}
