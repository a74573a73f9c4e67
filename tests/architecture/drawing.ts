import type { Plan } from "./plan.ts";

/** The plan as a diagram, for ARCHITECTURE.md. */
export function drawArrows(plan: Plan): string {
  const floors = plan.floors.flatMap(({ name, may }) => may.map((to) => `  ${name} --> ${to}`));
  const pillars = Object.entries(plan.pillarArrows).flatMap(([from, tos]) =>
    tos.map((to) => `  ${from} -.-> ${to}`),
  );
  return ["```mermaid", "flowchart TD", ...floors, ...pillars, "```"].join("\n");
}
