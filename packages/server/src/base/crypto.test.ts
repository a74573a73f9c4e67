import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import {
  crc32Base62,
  equalSecrets,
  fillRandom,
  hmacSha256,
  randomBase62,
  sha256,
} from "./index.ts";

test("SHA-256 and HMAC agree with the vectors of FIPS 180-4 and RFC 4231 case 2", () => {
  expect(Buffer.from(sha256("abc")).toString("hex")).toBe(
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
  expect(
    Buffer.from(hmacSha256(Buffer.from("Jefe"), "what do ya ", "want for nothing?")).toString(
      "hex",
    ),
  ).toBe("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
});

test("CRC-32 of the check string is 0xCBF43926 in six base62 characters", () => {
  const value = [...crc32Base62("123456789")].reduce(
    (sum, character) =>
      sum * 62 +
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".indexOf(character),
    0,
  );
  expect(value).toBe(0xcb_f4_39_26);
});

test("random text has the length asked for and uses every base62 character", () => {
  const text = randomBase62(20_000, fillRandom);
  expect(text).toHaveLength(20_000);
  expect(new Set(text).size).toBe(62);
});

test("secrets of different lengths are unequal, not an error", () => {
  expect(equalSecrets(Buffer.from("a"), Buffer.from("ab"))).toBe(false);
  expect(equalSecrets(Buffer.from("ab"), Buffer.from("ab"))).toBe(true);
});

test("no two random arrays hold the same bytes, whatever their lengths", () => {
  const drawn = Array.from({ length: 20_000 }, (_, index) => {
    const bytes = Buffer.alloc(8 + (index % 120));
    fillRandom(bytes);
    return bytes.toString("hex");
  });
  expect(new Set(drawn.map((hex) => hex.slice(0, 16))).size).toBe(drawn.length);
  expect(drawn.filter((hex) => hex.endsWith("00000000"))).toEqual([]);
});
