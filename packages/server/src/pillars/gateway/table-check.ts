import type { Check } from "portico/kernel";
import { Table } from "./table/index.ts";

/** Says when rows of the API are not in force here: they stand against the configuration of this process. */
export const tableCheck: Check = {
  id: "table",
  run: (ctx) => {
    const { failure, inForce } = ctx.get(Table);
    if (failure.length === 0) {
      const count = inForce.compiled.routes.length;
      return Promise.resolve({ status: "ok", detail: `${count} routes are in force` });
    }
    return Promise.resolve({
      status: "warn",
      detail: `Routes of the API are not in force here: ${failure.join("; ")}`,
      fix: "Change or delete them over the API, or change the configuration that they stand against.",
    });
  },
};
