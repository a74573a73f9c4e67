import { DEFAULT_ORGANIZATION } from "portico/kernel";
import type { CliInput, CliOption } from "portico/kernel";

/** Whose events. */
export const organizationOption: CliOption = {
  flag: "--organization <id>",
  description: "whose events",
  default: DEFAULT_ORGANIZATION,
};

/** An option's text. */
export function text({ options }: CliInput, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

/** The organization that is meant. */
export function organizationOf(input: CliInput): string {
  return text(input, "organization") ?? DEFAULT_ORGANIZATION;
}
