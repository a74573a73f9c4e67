import { raiseAccess } from "portico/kernel";
import type { Caller, PluginContext, Scope } from "portico/kernel";
import { Type } from "typebox";

/** Lets a caller see more than the own organization. */
const OPERATE = "insight:operate";

/** Query parameter of what can be seen over all organizations. */
export const ScopeQuery = Type.Optional(
  Type.Union([Type.Literal("organization"), Type.Literal("instance")], {
    default: "organization",
    description: "`instance`: of all organizations, for callers with `insight:operate`.",
  }),
);

/** Whether a caller may see what broke inside, and what is not his organization's. */
export function mayOperate(ctx: PluginContext, caller: Caller): boolean {
  return ctx.access.can(caller, OPERATE).allowed;
}

/** Whose rows are asked for. Throws `access.forbidden` for those of all where the caller may not see them. */
export function scopeOf(ctx: PluginContext, caller: Caller, asked: string | undefined): Scope {
  if (asked !== "instance") return { organization: caller.organization };
  if (!mayOperate(ctx, caller)) {
    throw raiseAccess("access.forbidden", { params: { permission: OPERATE } });
  }
  return "instance";
}
