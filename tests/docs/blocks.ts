import { drawArrows } from "../architecture/drawing.ts";
import { readPlan } from "../architecture/plan.ts";
import {
  commandsTable,
  errorsTable,
  membersTable,
  rolesTable,
  settingsTable,
} from "./reference.ts";

/** A part of a page that code writes. */
export interface GeneratedBlock {
  readonly page: string;
  readonly name: string;
  readonly text: () => string;
}

/** Every part of every page that code writes: `npm run draw` writes them, a test holds them equal. */
export const generatedBlocks: readonly GeneratedBlock[] = [
  { page: "ARCHITECTURE.md", name: "arrows", text: () => drawArrows(readPlan()) },
  { page: "docs/config.md", name: "settings", text: settingsTable },
  { page: "docs/config.md", name: "members", text: membersTable },
  { page: "docs/cli.md", name: "commands", text: commandsTable },
  { page: "docs/errors.md", name: "errors", text: errorsTable },
  { page: "docs/identity.md", name: "roles", text: rolesTable },
];
