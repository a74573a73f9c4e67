import { Buffer } from "node:buffer";

/** What an Argon2id hash was made with. */
export interface HashFigures {
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** A hash in PHC form, taken apart. */
export interface ReadHash extends HashFigures {
  readonly salt: Uint8Array;
  readonly tag: Uint8Array;
}

const PHC =
  /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** Writes a hash in the PHC string format, as every implementation of Argon2 reads it. */
export function writePhc({ memory, passes, parallelism, salt, tag }: ReadHash): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`;
}

/** Reads one; undefined for anything else. */
export function readPhc(text: string): ReadHash | undefined {
  const match = PHC.exec(text);
  if (match === null) return undefined;
  const [, memory, passes, parallelism, salt = "", tag = ""] = match;
  return {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, "base64"),
    tag: Buffer.from(tag, "base64"),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("=", "");
}
