export { challengesOf, createAccess } from "./access.ts";
export type { AccessOptions, KernelAccess } from "./access.ts";
export { grants } from "./can.ts";
export type { PermissionScope } from "./can.ts";
export { accessErrors, raise as raiseAccess } from "./errors.ts";
