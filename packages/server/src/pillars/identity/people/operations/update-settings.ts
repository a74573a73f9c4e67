import { Buffer } from "node:buffer";
import { operation } from "portico/kernel";
import { Type } from "typebox";
import { personOf } from "../caller.ts";
import { raise } from "../errors.ts";
import type { PeopleTables } from "../tables.ts";

const BYTES_MAX = 8_192;

/** `PUT /users/settings` */
export const updateSettings = operation({
  id: "users.updateSettings",
  method: "PUT",
  path: "/users/settings",
  summary: "Replace one's own settings",
  description:
    "Any JSON object of at most 8 KiB: what an application keeps for a person. Portico does not look into it.",
  access: "caller",
  mode: "write",
  bodyBytesMax: 65_536,
  body: Type.Record(Type.String(), Type.Unknown()),
  replies: { 200: Type.Record(Type.String(), Type.Unknown()) },
  errors: ["identity.notPerson", "identity.personNotFound", "identity.settingsTooLarge"],
  example: {
    body: { theme: "dark", digest: "weekly" },
    after: ["auth.register"],
    bearer: "{auth.register.accessToken}",
  },
  async handle({ body, caller, tx }) {
    const id = personOf(caller);
    const settings = JSON.stringify(body);
    const got = Buffer.byteLength(settings);
    if (got > BYTES_MAX) {
      throw raise("identity.settingsTooLarge", { params: { got, max: BYTES_MAX } });
    }
    const { numUpdatedRows } = await tx
      .db<PeopleTables>()
      .updateTable("identity_people")
      .set({ settings })
      .where("id", "=", id)
      .where("state", "!=", "deleted")
      .executeTakeFirst();
    if (numUpdatedRows === 0n) throw raise("identity.personNotFound", { params: { id } });
    return body;
  },
});
