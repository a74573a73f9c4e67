import { Type } from "typebox";
import { operation } from "portico/kernel";
import { findSource } from "../find.ts";
import { SourceView, viewSource } from "../view.ts";

/** `GET /sources/{id}` */
export const getSource = operation({
  id: "sources.get",
  method: "GET",
  path: "/sources/{id}",
  summary: "Get a source",
  access: "sources:read",
  mode: "read",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 200: SourceView },
  errors: ["sources.notFound"],
  example: { path: { id: "{sources.create.id}" }, after: ["sources.create"] },
  async handle({ path, read, ctx }) {
    return viewSource(await findSource(read, path.id), ctx);
  },
});
