import { Type } from "typebox";
import type { Static } from "typebox";
import { ok, refused } from "portico/kernel";
import type { Result } from "portico/kernel";
import { GENERIC } from "./providers.ts";
import type { Place, Provider } from "./provider.ts";

const Header = Type.String({
  pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$",
  description: "Name of a header, in any case.",
});
const Pointer = Type.String({
  pattern: "^(?:/(?:[^~/]|~[01])*)+$",
  maxLength: 256,
  description: "Member of the JSON body, such as `/data/id` (RFC 6901).",
});

/** How a sender signs that no row of the table describes. */
export const Scheme = Type.Object(
  {
    signatureHeader: Header,
    algorithm: Type.Optional(
      Type.Union([
        Type.Literal("hmac-sha256"),
        Type.Literal("hmac-sha512"),
        Type.Literal("hmac-sha1"),
      ]),
    ),
    encoding: Type.Optional(Type.Union([Type.Literal("hex"), Type.Literal("base64")])),
    prefix: Type.Optional(
      Type.String({ maxLength: 32, description: "What stands before the signature: `sha256=`." }),
    ),
    content: Type.Optional(
      Type.String({
        maxLength: 256,
        description:
          "What is signed: text with {body}, and where they are part of it {timestamp}, {id} and {url}; {body} when left out.",
      }),
    ),
    timestampHeader: Type.Optional(Header),
    idHeader: Type.Optional(Header),
    idPointer: Type.Optional(Pointer),
    typeHeader: Type.Optional(Header),
    typePointer: Type.Optional(Pointer),
  },
  { additionalProperties: false },
);

/** One such description. */
export type Scheme = Static<typeof Scheme>;

/** The provider that a source describes, or what is wrong with the description. */
export function providerOf(scheme: Scheme): Result<Provider, string> {
  const content = scheme.content ?? "{body}";
  const fault = faultOf(scheme, content);
  if (fault !== undefined) return refused(fault);
  const { timestampHeader } = scheme;
  return ok({
    id: GENERIC,
    name: "HMAC",
    documentation: "https://www.rfc-editor.org/rfc/rfc2104",
    signature: {
      header: scheme.signatureHeader.toLowerCase(),
      form: { kind: "plain", prefix: scheme.prefix ?? "" },
      encoding: scheme.encoding ?? "hex",
      algorithm: scheme.algorithm ?? "hmac-sha256",
    },
    secret: "text",
    takesSecret: true,
    content,
    ...(timestampHeader === undefined
      ? {}
      : { timestampHeader: timestampHeader.toLowerCase(), toleranceMs: 300_000 }),
    messageId: placesOf(scheme.idHeader, scheme.idPointer),
    eventType: placesOf(scheme.typeHeader, scheme.typePointer).map((place) => [place]),
    otherType: "received",
    answer: "accepted",
  });
}

function placesOf(header: string | undefined, pointer: string | undefined): readonly Place[] {
  return [
    ...(header === undefined ? [] : [{ header: header.toLowerCase() }]),
    ...(pointer === undefined ? [] : [{ pointer }]),
  ];
}

function faultOf(scheme: Scheme, content: string): string | undefined {
  const names = [...content.matchAll(/\{(\w*)\}/g)].map((match) => match[1] ?? "");
  const unknown = names.find((name) => !["body", "timestamp", "id", "url"].includes(name));
  if (unknown !== undefined) {
    return `\`content\` names {${unknown}}; it may have {body}, {timestamp}, {id} and {url}`;
  }
  if (!names.includes("body")) return "`content` has no {body}: what is not signed proves nothing";
  if (names.includes("timestamp") !== (scheme.timestampHeader !== undefined)) {
    return "`timestampHeader` and {timestamp} in `content` belong together: a time that is not signed proves nothing";
  }
  if (names.includes("id") && scheme.idHeader === undefined) {
    return "`content` has {id}, and no `idHeader` says where it stands";
  }
  return undefined;
}
