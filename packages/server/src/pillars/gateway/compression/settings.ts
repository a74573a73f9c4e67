import { Type } from "typebox";
import type { Static } from "typebox";

const Coding = Type.Union([Type.Literal("br"), Type.Literal("zstd"), Type.Literal("gzip")]);

/** Packing of replies for callers that take it: `true` for what is usual. */
export const CompressionSettings = Type.Union(
  [
    Type.Boolean(),
    Type.Object({
      codings: Type.Optional(
        Type.Array(Coding, {
          minItems: 1,
          default: ["br", "zstd", "gzip"],
          description: "Codings to offer; of those a caller takes equally, the first is used.",
        }),
      ),
      bytesMin: Type.Optional(
        Type.Integer({
          minimum: 0,
          default: 1_024,
          description: "Smaller bodies are sent as they are.",
        }),
      ),
      types: Type.Optional(
        Type.Array(Type.String({ pattern: "^[a-z0-9.+-]+/(?:\\*|[a-z0-9.+*-]+)$" }), {
          description:
            "Media types to pack, * for any: text/*, application/json. Text, JSON, XML, scripts and SVG when left out; never text/event-stream unless it is named.",
        }),
      ),
    }),
  ],
  { description: "Pack replies in br, zstd or gzip for callers that take it." },
);

/** Packing as set. */
export type CompressionSettings = Static<typeof CompressionSettings>;
