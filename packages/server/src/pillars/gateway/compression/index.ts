/**
 * Packing of replies (RFC 9110 §8.4, §12.5.3): br, zstd or gzip as the caller weighs them, while they stream; stored replies
 * once for all. What is packed already, partial, small, of another kind or `no-transform` goes as it is.
 */
export { compressionRules } from "./rules.ts";
export type { CompressionRules } from "./rules.ts";
export { compressionStage } from "./stage.ts";
