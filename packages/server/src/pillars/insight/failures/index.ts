/**
 * Room of the errors: failures are grouped by what they have in common, counted, and kept until somebody resolves them.
 */
export { changeState, findError } from "./change.ts";
export { FailureCollector } from "./collector.ts";
export { forgetErrors } from "./forget.ts";
export { groupOf } from "./group.ts";
export { ofFailure, ofRequest, storable } from "./occurrence.ts";
export type { Occurrence } from "./occurrence.ts";
export { recordGroup, writeGroups } from "./record.ts";
export { ErrorDetailView, ErrorView, viewError, viewErrorDetail } from "./view.ts";
