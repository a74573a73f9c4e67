import { job, toRfc3339 } from "portico/kernel";
import { Type } from "typebox";
import { rowOf } from "./directory.ts";
import { nameIn, sendMail } from "./mailing.ts";

/** Tells the owner of an account that it has a new password: whoever did it. */
export const mailPasswordChanged = job({
  input: Type.Object({
    person: Type.String(),
    device: Type.String(),
    address: Type.String(),
  }),
  run: async (run) => {
    const { ctx, input } = run;
    const row = await rowOf(ctx.store.read("instance"), input.person);
    if (row === undefined || row.email === null) return { kind: "done" };
    const { device, address } = input;
    const at = toRfc3339(row.password_at ?? row.updated_at);
    const values = { name: nameIn(row), at, device, address };
    return await sendMail(run, { to: row.email, template: "passwordChanged", values });
  },
});
