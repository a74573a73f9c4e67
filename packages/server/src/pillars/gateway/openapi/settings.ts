import { Type } from "typebox";

const BODY_BYTES = 1_048_576;

const Validate = Type.Union([Type.Literal("on"), Type.Literal("off")], {
  default: "on",
  description: "Check requests against the OpenAPI document; what does not fit is answered 422.",
});
const Responses = Type.Union(
  [Type.Literal("off"), Type.Literal("report"), Type.Literal("enforce")],
  {
    default: "off",
    description:
      "Check JSON replies against the OpenAPI document: count and log those that do not fit, or answer 502 instead.",
  },
);

/** What may be set about a document's checks on one route. */
export const checkSettings = {
  validate: Type.Optional(Validate),
  responses: Type.Optional(Responses),
};

/** What an API may set about its OpenAPI document. */
export const openApiSettings = {
  openapi: Type.Optional(
    Type.Union([Type.String({ minLength: 1 }), Type.Record(Type.String(), Type.Unknown())], {
      description:
        "OpenAPI 3.0 or 3.1 document of the API: a file (YAML or JSON), an address, or the document itself. Its operations become the routes.",
    }),
  ),
  openapiRemoteRefs: Type.Optional(
    Type.Boolean({
      default: false,
      description: "Let the document refer to other files and addresses.",
    }),
  ),
  ...checkSettings,
  validateBodyBytesMax: Type.Optional(
    Type.Integer({
      minimum: 1_024,
      maximum: 67_108_864,
      default: BODY_BYTES,
      description:
        "Largest body that is checked. Larger requests are 413, but for multipart; larger replies, and multipart requests, pass unchecked.",
    }),
  ),
};

/** Largest body that is checked when nothing is set. */
export const CHECKED_BYTES_MAX = BODY_BYTES;
