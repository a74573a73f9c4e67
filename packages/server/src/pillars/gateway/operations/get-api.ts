import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { raise } from "../errors.ts";
import { ApiBody, ById } from "./bodies.ts";
import { declaredApis } from "./declared.ts";

/** `GET /gateway/apis/{id}` */
export const getApi: Operation = operation({
  id: "gateway.getApi",
  method: "GET",
  path: "/gateway/apis/{id}",
  summary: "Get a fronted API",
  access: "gateway:read",
  mode: "read",
  params: ById,
  replies: { 200: ApiBody },
  errors: ["gateway.notFound", "gateway.notStarted"],
  example: { after: ["gateway.createApi"], path: { id: "{gateway.createApi.id}" } },
  handle: async ({ path: { id }, ctx }) => {
    const found = (await declaredApis(ctx)).find((api) => api.id === id);
    if (found === undefined) throw raise("gateway.notFound", { params: { kind: "api", id } });
    return found;
  },
});
