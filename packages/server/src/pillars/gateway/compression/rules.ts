import type { CompressionSettings } from "./settings.ts";

/** A content coding that we write. */
export type Coding = "br" | "zstd" | "gzip";

/** Packing of one API's replies, as compiled. */
export interface CompressionRules {
  /** In the order in which they are liked. */
  readonly codings: readonly Coding[];
  readonly bytesMin: number;
  readonly isPacked: (mediaType: string) => boolean;
}

const CODINGS: readonly Coding[] = ["br", "zstd", "gzip"];
const BYTES_MIN = 1_024;
/** What gets smaller; images, sound, video and archives are packed by their own means. */
const USUAL =
  /^(?:text\/(?!event-stream$).*|application\/(?:json|javascript|ecmascript|xml|yaml|toml|graphql|sql|x-www-form-urlencoded|x-ndjson|ndjson|jsonl|wasm|rtf|manifest\+json|.*\+(?:json|xml|yaml))|image\/(?:svg\+xml|bmp)|font\/(?:ttf|otf)|model\/.*\+json)$/;

/** Compiles the settings; undefined where nothing is packed. */
export function compressionRules(
  settings: CompressionSettings | undefined,
): CompressionRules | undefined {
  if (settings === undefined || settings === false) return undefined;
  const { codings, bytesMin, types } = settings === true ? {} : settings;
  return {
    codings: codings ?? CODINGS,
    bytesMin: bytesMin ?? BYTES_MIN,
    isPacked: types === undefined ? (type) => USUAL.test(type) : named(types),
  };
}

function named(types: readonly string[]): (mediaType: string) => boolean {
  const patterns = types.map((type) => {
    const escaped = type.replaceAll(/[.+]/g, "\\$&").replaceAll("*", ".*");
    return new RegExp(`^${escaped}$`);
  });
  // A stream of events is packed only by name: a star is no wish to have it so.
  return (type) =>
    type === "text/event-stream"
      ? types.includes(type)
      : patterns.some((pattern) => pattern.test(type));
}
