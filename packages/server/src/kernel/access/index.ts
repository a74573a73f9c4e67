export { challengesOf, createAccess } from "./access.ts";
export type { AccessOptions, KernelAccess } from "./access.ts";
export { can, covers, grants, mayGive, meets } from "./can.ts";
export type { Action, PermissionScope } from "./can.ts";
export { accessErrors, raise as raiseAccess } from "./errors.ts";
