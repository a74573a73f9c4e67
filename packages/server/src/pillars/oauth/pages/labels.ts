import { Registry } from "portico/kernel";
import type { PluginContext } from "portico/kernel";

const OPENID_LABELS = {
  openid: "Know who you are",
  profile: "See your name",
  email: "See your e-mail address",
  offline_access: "Go on after you have signed out",
} as const;

/** What scopes mean to people, by their names: those of OpenID Connect, and every permission that a plugin declares. */
export function scopeLabels(ctx: PluginContext): ReadonlyMap<string, string> {
  const { permissions } = ctx.get(Registry);
  return new Map<string, string>([
    ...Object.entries(OPENID_LABELS),
    ...permissions.map(({ name, label }): [string, string] => [name, label]),
  ]);
}
