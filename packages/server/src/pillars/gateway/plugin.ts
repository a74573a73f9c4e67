import {
  add,
  ApiDocuments,
  Checks,
  CliVerbs,
  definePlugin,
  Explainers,
  Fronts,
  Pages,
  Permissions,
  provide,
  PublicKeys,
} from "portico/kernel";
import type { AnyPlugin } from "portico/kernel";
import { apiDocuments } from "./api-documents.ts";
import { Gateway } from "./capability.ts";
import { routeVerbs } from "./cli.ts";
import { discoveryPages } from "./discovery.ts";
import { gatewayErrors } from "./errors.ts";
import { gatewayEvents } from "./events.ts";
import { gatewayExplainer } from "./explain.ts";
import { gatewayFace } from "./face.ts";
import { gatewayFront } from "./front.ts";
import { createTable } from "./migrations/0001-create-table.ts";
import { createVersionCallers } from "./migrations/0010-version-callers.ts";
import { gatewayOperations } from "./operations/index.ts";
import { gatewayPermissions } from "./permissions.ts";
import { GatewaySettings } from "./settings.ts";
import { startGateway } from "./start-gateway.ts";
import type { RunningGateway } from "./start-gateway.ts";
import { tableCheck } from "./table-check.ts";
import { permissionsOf, Table } from "./table/index.ts";
import { gatewayTables } from "./tables.ts";

/**
 * Makes the gateway. Each server gets its own, since it holds that server's table and connections.
 *
 * @example
 * export default defineConfig({
 *   plugins: [gateway()],
 *   settings: { gateway: { apis: [{ id: "shop", upstream: "http://127.0.0.1:3000", auth: "key" }] } },
 * });
 */
export function gateway(): AnyPlugin {
  let running: RunningGateway | undefined;
  return definePlugin({
    id: "gateway",
    version: "1.0.0",
    engine: "^1",
    settings: GatewaySettings,
    permissions: gatewayPermissions,
    errors: gatewayErrors,
    events: gatewayEvents,
    tables: { ...gatewayTables, gateway_version_callers: "instance" },
    migrations: [createTable, createVersionCallers],
    operations: gatewayOperations,
    provides: [Gateway, Table],
    contributes: [
      add(
        Fronts,
        gatewayFront(() => running?.parts),
      ),
      add(
        Explainers,
        gatewayExplainer(() => running?.parts),
      ),
      add(Permissions, {
        has: (permission) => running !== undefined && permissionsOf(running.table).has(permission),
      }),
      add(
        ApiDocuments,
        apiDocuments(() => running?.table),
      ),
      add(Checks, tableCheck),
      ...discoveryPages.map((page) => add(Pages, page)),
      ...routeVerbs.map((verb) => add(CliVerbs, verb)),
      add(PublicKeys, {
        id: "gateway.identity",
        keys: () => (running === undefined ? [] : [running.signer.publicKey]),
      }),
    ],
    start: async (ctx) => {
      const started = await startGateway(ctx);
      running = started;
      return {
        provides: [provide(Gateway, gatewayFace(ctx, started)), provide(Table, started.table)],
        stop: () => {
          running = undefined;
          return started.stop();
        },
      };
    },
  });
}
