/** Message: one request or reply in a form that version changes, transforms and hooks can read and edit. */
export { nameFault, wireValue } from "./fields.ts";
export { MessageHeaders } from "./headers.ts";
export { isJsonType, readJsonBody, writeJsonBody } from "./json-body.ts";
export type { BodyFields, ReadBody } from "./json-body.ts";
export type { ReplyMessage, RequestMessage } from "./message.ts";
export { MessageQuery } from "./query.ts";
