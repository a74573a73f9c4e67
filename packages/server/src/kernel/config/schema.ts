import { isIP } from "node:net";
import { Type } from "typebox";
import type { Static, TSchema, TString, TStringOptions } from "typebox";
import { isSlug } from "../../base/index.ts";

/**
 * Text that must not be seen: redacted wherever a configuration is printed, and readable from a file through the
 * variable's `_FILE` twin. `"url"` hides only the password of a connection string.
 *
 * @example
 * settings: Type.Object({ apiToken: Type.Optional(secret()) })
 */
export function secret(kind: "whole" | "url" = "whole", options: TStringOptions = {}): TString {
  return Type.String({ ...options, secret: kind });
}

/** How a schema asks to be hidden, or undefined when it does not. */
export function secrecyOf(schema: TSchema): "whole" | "url" | undefined {
  if (!("secret" in schema)) return undefined;
  return schema.secret === "url" ? "url" : "whole";
}

function isCidr(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (bits === undefined) return true;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === "http:" || url.protocol === "https:");
}

/** An address or a range of addresses: `10.0.0.0/8`, `::1`. */
function cidr(): TString {
  const expected = "an address or range such as 10.0.0.0/8";
  return Type.Refine(Type.String({ expected }), isCidr, () => expected);
}

/** An absolute http or https URL. */
function httpUrl(options: TStringOptions = {}): TString {
  const expected = "a URL that starts with http:// or https://";
  return Type.Refine(Type.String({ ...options, expected }), isHttpUrl, () => expected);
}

const basePath = Type.String({
  pattern: "^(/[A-Za-z0-9_-]+)*$",
  expected: "nothing, or a path such as /_portico without a slash at its end",
  default: "",
  description: "Path prefix of Portico's own surface",
});

const organization = Type.Refine(
  Type.String({
    expected: "a slug: a-z, 0-9 and -, starting with a letter",
    default: "default",
    description: "Slug of the organization of a single-tenant installation",
  }),
  isSlug,
  () => "a slug",
);

const cors = Type.Object(
  {
    origins: Type.Array(Type.String(), {
      default: [],
      description: "Origins that browsers may call from; `*` for any; never with cookies",
    }),
  },
  { default: {} },
);

const server = Type.Object({
  host: Type.String({ minLength: 1, default: "127.0.0.1", description: "Address to listen on" }),
  port: Type.Integer({ minimum: 0, maximum: 65_535, default: 8080, description: "0 picks one" }),
  publicUrl: Type.Optional(httpUrl({ description: "Where callers reach the server" })),
  trustedProxies: Type.Array(cidr(), {
    default: [],
    description: "Peers whose X-Forwarded-For and Forwarded headers are believed",
  }),
  cors,
  bodyBytesMax: Type.Integer({ minimum: 1_024, default: 10_000_000 }),
  basePath,
  ownHost: Type.Optional(
    Type.String({
      pattern: "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
      expected: "a host name in lower case, without port, such as portico.example.com",
      description: "Host name of Portico's own surface, which is then on no other host",
    }),
  ),
  shutdownDelayMs: Type.Integer({
    minimum: 0,
    maximum: 20_000,
    default: 0,
    description: "Time between 'not ready' and the end of listening, for balancers to notice",
  }),
});

const log = Type.Object({
  level: Type.Enum(["debug", "info", "warn", "error", "silent"], { default: "info" }),
  format: Type.Enum(["auto", "json", "pretty"], {
    default: "auto",
    description: "auto is pretty on a terminal and JSON elsewhere",
  }),
});

/** What the kernel itself can be told. Every section may be left out; every value but a few has a default. */
export const kernelSchema = Type.Object({
  server,
  database: Type.Object({
    url: Type.Optional(
      secret("url", {
        pattern: "^postgres(ql)?://",
        expected: "a connection string that starts with postgres://",
        description: "PostgreSQL; SQLite in the data folder when left out",
      }),
    ),
    storedSettings: Type.Boolean({
      default: true,
      description:
        "False starts as if no setting had been stored over the API: the way out when one of them keeps the server from starting",
    }),
  }),
  data: Type.String({ minLength: 1, default: "./.portico", description: "The data folder" }),
  organization,
  log,
  outbound: Type.Object({
    allow: Type.Array(cidr(), {
      default: [],
      description: "Non-public addresses that guarded outbound calls may reach all the same",
    }),
  }),
  keyring: Type.Object({
    file: Type.Optional(Type.String({ minLength: 1, description: "keyring.json elsewhere" })),
  }),
});

/** The kernel's own settings, validated, with defaults. */
export type KernelSettings = Static<typeof kernelSchema>;
