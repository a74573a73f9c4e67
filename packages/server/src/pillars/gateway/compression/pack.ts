import type { Buffer } from "node:buffer";
import type { Transform } from "node:stream";
import { promisify } from "node:util";
import {
  brotliCompress,
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  gzip,
  gzipSync,
  zstdCompress,
  zstdCompressSync,
} from "node:zlib";
import type { Coding } from "./rules.ts";

/** Levels for answers made while the caller waits: near the best ratio for the time, by Node's own codecs. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };
const GZIP = { level: 6 };

const brotliLater = promisify(brotliCompress);
const zstdLater = promisify(zstdCompress);
const gzipLater = promisify(gzip);

/** Packs a body at once: for small ones, which take less time than a turn of the thread pool. */
export function packNow(coding: Coding, body: Buffer): Buffer {
  switch (coding) {
    case "br":
      return brotliCompressSync(body, sized(body.length));
    case "zstd":
      return zstdCompressSync(body, ZSTD);
    case "gzip":
      return gzipSync(body, GZIP);
  }
}

/** Packs a body on the thread pool. */
export function packLater(coding: Coding, body: Buffer): Promise<Buffer> {
  switch (coding) {
    case "br":
      return brotliLater(body, sized(body.length));
    case "zstd":
      return zstdLater(body, ZSTD);
    case "gzip":
      return gzipLater(body, GZIP);
  }
}

function sized(length: number): typeof BROTLI {
  return { params: { ...BROTLI.params, [constants.BROTLI_PARAM_SIZE_HINT]: length } };
}

/** A stream that packs, and sends on what it has when it is told to. */
export interface Packer {
  readonly stream: Transform;
  flush(): void;
}

/** Makes one for a body whose length is not known. */
export function packer(coding: Coding): Packer {
  switch (coding) {
    case "br": {
      const stream = createBrotliCompress(BROTLI);
      return { stream, flush: () => stream.flush(constants.BROTLI_OPERATION_FLUSH) };
    }
    case "zstd": {
      const stream = createZstdCompress(ZSTD);
      return { stream, flush: () => stream.flush(constants.ZSTD_e_flush) };
    }
    case "gzip": {
      const stream = createGzip(GZIP);
      return { stream, flush: () => stream.flush(constants.Z_SYNC_FLUSH) };
    }
  }
}
