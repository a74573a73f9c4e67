/**
 * What tests stand on: `createTestApp` (a real server without a socket), a clock that stands still, callers made up at
 * will, data made from a seed. The door `portico/testing`.
 */
export { factories } from "./factories.ts";
export type { Factories, MadeEvent } from "./factories.ts";
export { fakeClock } from "./fake-clock.ts";
export type { FakeClock } from "./fake-clock.ts";
export { createTestApp } from "./test-app.ts";
export type { SeenEvent, TestApp, TestAppOptions, TestClient } from "./test-app.ts";
export { openTestDatabase, storeKinds } from "./test-database.ts";
export type { StoreKind, TestDatabase, TestDatabaseOptions } from "./test-database.ts";
export { describeStore } from "./describe-store.ts";
export type { OpenTestDatabase } from "./describe-store.ts";
