export { databaseStore, purgeCounts } from "./database-store.ts";
export { databaseSlots } from "./database-slots.ts";
export type { SlotStore, SlotWish } from "./slot-store.ts";
export type { LimitStore, Reservation, Reserved } from "./limit-store.ts";
export { memoryStore } from "./memory-store.ts";
