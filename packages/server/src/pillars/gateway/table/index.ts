/**
 * The table of routes: what the configuration says and what the API has added, as one.
 *
 * Nouns: object (a row of the API: API, route, upstream, version), snapshot (all of them at one revision), revision (one
 * activation, kept and never changed), draft (a change that has been checked).
 * One change: a plan is worked out against the newest snapshot → the table it would make is built aside, in pieces, with
 * all of its mistakes → rows and the next revision are stored in one transaction → every process is told the number,
 * builds its own table of it, and puts it in force by one assignment. What has not changed is taken over as it is.
 */
export { draftChange, storeChange } from "./change.ts";
export type { Draft, Edit, Plan } from "./change.ts";
export { Table } from "./door.ts";
export { documentationOf, isOfVersion } from "./documentation.ts";
export { indexOwnPaths } from "./own-paths.ts";
export type { OwnPathIndex } from "./own-paths.ts";
export { permissionsOf } from "./permissions.ts";
export { creating, deleting, updating } from "./plans.ts";
export { makeChange, routePlan, routeView, versionPlan } from "./register.ts";
export { routeViews } from "./route-views.ts";
export { listRevisions, readRevision, rollingBack } from "./revisions.ts";
export { RouteTable } from "./table.ts";
export { versionKey } from "./version-key.ts";
export { allVersions, makingCurrent, resolveVersion } from "./versions.ts";
export { validateRequest } from "./validate-request.ts";
