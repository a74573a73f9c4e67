import { Type } from "typebox";
import type { Static } from "typebox";
import type { PluginContext } from "portico/kernel";

/** What an operator can set about organizations. */
export const organizationSettings = {
  invitationDays: Type.Integer({
    minimum: 1,
    maximum: 90,
    default: 7,
    description: "Days for which an invitation is good.",
  }),
  invitationPage: Type.Optional(
    Type.String({
      pattern: "^https?://[^\\s]+\\{token\\}",
      maxLength: 2_000,
      description:
        "Page of your application where an invitation is taken up, with `{token}` in it; Portico's own when left out.",
    }),
  ),
};

const Whole = Type.Object(organizationSettings);

/** The settings as the kernel has accepted them. */
export type OrganizationSettings = Static<typeof Whole>;

/** Reads this room's settings from the pillar's context. */
export function settingsOf(ctx: PluginContext): OrganizationSettings {
  // The kernel has checked them against the schema above before the plugin started.
  return ctx.settings as OrganizationSettings;
}
