import { definePlugin, secret } from "portico/kernel";
import type { Caller } from "portico/kernel";
import { createTestApp } from "portico/testing";
import type { TestApp, TestAppOptions, TestDatabase } from "portico/testing";
import { Type } from "typebox";
import { admin } from "./index.ts";

/** A plugin with one setting of each kind. */
export const shop = definePlugin({
  id: "shop",
  version: "1.0.0",
  engine: "^1",
  settings: Type.Object({
    cartsMax: Type.Integer({ minimum: 1, maximum: 100, default: 10, reload: true }),
    colour: Type.String({ default: "red" }),
    password: Type.Optional(secret("whole", { reload: true })),
  }),
});

/** Whoever runs the installation. */
export const operator: Partial<Caller> = { permissions: ["*"], instancePermissions: ["*"] };

/** An app with the administration and what else is asked for. */
export function openApp(
  database: Pick<TestDatabase, "driver">,
  options: Partial<TestAppOptions> = {},
): Promise<TestApp> {
  return createTestApp({ plugins: [shop, admin], driver: database.driver, ...options });
}
