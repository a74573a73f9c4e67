import type { Operation } from "portico/kernel";
import { activateRevision } from "./activate-revision.ts";
import { createApi } from "./create-api.ts";
import { createRoute } from "./create-route.ts";
import { createUpstream } from "./create-upstream.ts";
import { deleteApi } from "./delete-api.ts";
import { deleteRoute } from "./delete-route.ts";
import { deleteUpstream } from "./delete-upstream.ts";
import { getApi } from "./get-api.ts";
import { getRoute } from "./get-route.ts";
import { getUpstream } from "./get-upstream.ts";
import { listApis } from "./list-apis.ts";
import { listPermissions } from "./list-permissions.ts";
import { listRevisions } from "./list-revisions.ts";
import { listRoutes } from "./list-routes.ts";
import { listUpstreams } from "./list-upstreams.ts";
import { updateApi } from "./update-api.ts";
import { updateRoute } from "./update-route.ts";
import { updateUpstream } from "./update-upstream.ts";
import { validateCall } from "./validate-request.ts";
import { createVersion } from "./create-version.ts";
import { listVersions } from "./list-versions.ts";
import { getVersion } from "./get-version.ts";
import { updateVersion } from "./update-version.ts";
import { deleteVersion } from "./delete-version.ts";
import { makeVersionCurrent } from "./make-version-current.ts";
import { listVersionCallers } from "./list-version-callers.ts";
import { purgeCache } from "./purge-cache.ts";

/** Everything that the gateway serves below `/api/v1/gateway`. */
export const gatewayOperations: readonly Operation[] = [
  createApi,
  listApis,
  getApi,
  updateApi,
  deleteApi,
  createUpstream,
  listUpstreams,
  getUpstream,
  updateUpstream,
  deleteUpstream,
  createRoute,
  listRoutes,
  getRoute,
  updateRoute,
  deleteRoute,
  validateCall,
  listPermissions,
  listRevisions,
  activateRevision,
  createVersion,
  listVersions,
  getVersion,
  updateVersion,
  deleteVersion,
  makeVersionCurrent,
  listVersionCallers,
  purgeCache,
];
