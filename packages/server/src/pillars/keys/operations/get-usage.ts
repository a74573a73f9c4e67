import { listOf, operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { visible } from "../change.ts";
import { dayOf } from "../last-used.ts";
import type { KeyTables } from "../tables.ts";

const DAY_MS = 86_400_000;
const DAYS_MAX = 366;
const Day = Type.String({ format: "date" });

/** `GET /keys/{id}/usage` */
export const getUsage: Operation = operation({
  id: "keys.usage",
  method: "GET",
  path: "/keys/{id}/usage",
  summary: "Count the uses of an API key by day",
  description:
    "Requests that the key opened, and verifications of it, by day of UTC, newest first; days without any are left out. Up " +
    "to half a minute behind.",
  access: "keys:read",
  mode: "read",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  query: Type.Object(
    {
      from: Type.Optional(Type.String({ format: "date", description: "First day; 30 days ago." })),
      to: Type.Optional(Type.String({ format: "date", description: "Last day; today." })),
    },
    { additionalProperties: false },
  ),
  replies: { 200: listOf(Type.Object({ day: Day, uses: Type.Integer() })) },
  errors: ["keys.notFound"],
  example: { path: { id: "{keys.create.id}" }, after: ["keys.create"] },
  async handle({ path, query, caller, read, ctx }) {
    const db = read.db<KeyTables>();
    const row = await db
      .selectFrom("keys_keys")
      .selectAll()
      .where("id", "=", path.id)
      .executeTakeFirst();
    visible(row, { id: path.id, caller, ctx });
    const nowMs = ctx.clock.now();
    const { from = dayOf(nowMs - 30 * DAY_MS), to = dayOf(nowMs) } = query;
    const data = await db
      .selectFrom("keys_usage")
      .select(["day", "uses"])
      .where("key_id", "=", path.id)
      .where("day", ">=", from)
      .where("day", "<=", to)
      .orderBy("day", "desc")
      .limit(DAYS_MAX)
      .execute();
    return { data, next: null };
  },
});
