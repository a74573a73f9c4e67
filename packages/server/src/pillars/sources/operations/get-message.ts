import { Type } from "typebox";
import { operation } from "portico/kernel";
import { findMessage } from "../find.ts";
import { viewWholeMessage, WholeMessageView } from "../view.ts";

/** `GET /sources/messages/{id}` */
export const getMessage = operation({
  id: "sources.getMessage",
  method: "GET",
  path: "/sources/messages/{id}",
  summary: "Get a message with its headers and bytes",
  access: "sources:read",
  mode: "read",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 200: WholeMessageView },
  errors: ["sources.messageNotFound"],
  example: { path: { id: "{sources.test.id}" }, after: ["sources.create", "sources.test"] },
  async handle({ path, read }) {
    return viewWholeMessage(await findMessage(read, path.id));
  },
});
