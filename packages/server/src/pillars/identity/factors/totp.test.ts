import { spawnSync } from "node:child_process";
import { Secret } from "otpauth";
import { expect, it } from "vitest";
import { fillRandom } from "portico/kernel";
import { isTotpCode, newSecret, stepOf, totpUri } from "./totp.ts";

// RFC 6238, appendix B, SHA-1; the last six of its eight digits (RFC 4226 §5.3 takes the value modulo ten to the digits).
const SECRET = new Secret({ buffer: new TextEncoder().encode("12345678901234567890").buffer });
const VECTORS: readonly (readonly [number, string])[] = [
  [59, "94287082"],
  [1_111_111_109, "07081804"],
  [1_111_111_111, "14050471"],
  [1_234_567_890, "89005924"],
  [2_000_000_000, "69279037"],
  [20_000_000_000, "65353130"],
];
const hasOathtool = spawnSync("oathtool", ["--version"]).status === 0;

it.each(VECTORS)("the code of RFC 6238 at %i s is one of that step", (seconds, code) => {
  const step = Math.floor(seconds / 30);
  expect(stepOf(code.slice(2), SECRET.base32, seconds * 1_000)).toBe(step);
  expect(stepOf(code.slice(2), SECRET.base32, (seconds + 30) * 1_000)).toBe(step);
  expect(stepOf(code.slice(2), SECRET.base32, (seconds + 60) * 1_000)).toBeUndefined();
  expect(stepOf(code, SECRET.base32, seconds * 1_000)).toBeUndefined();
});

it.skipIf(!hasOathtool)("codes of oathtool for secrets of ours are ours", () => {
  for (let n = 0; n < 20; n += 1) {
    const secret = newSecret(fillRandom);
    const seconds = 1_700_000_000 + n * 86_399;
    const { stdout } = spawnSync("oathtool", ["--totp", "-b", secret, `--now=@${seconds}`]);
    const code = stdout.toString().trim();
    expect(code).toMatch(/^\d{6}$/);
    expect(stepOf(code, secret, seconds * 1_000)).toBe(Math.floor(seconds / 30));
  }
});

it("a secret is 160 random bits in base 32, and differs from the next", () => {
  const secrets = new Set(Array.from({ length: 100 }, () => newSecret(fillRandom)));
  expect(secrets.size).toBe(100);
  for (const secret of secrets) expect(secret).toMatch(/^[A-Z2-7]{32}$/);
});

it("the address of the QR code says whose it is, and nothing in a name can change it", () => {
  const uri = new URL(
    totpUri(SECRET.base32, { issuer: "Acme & Söhne", label: "ada?secret=AAAA&x=#" }),
  );
  expect([uri.protocol, uri.host]).toEqual(["otpauth:", "totp"]);
  expect(Object.fromEntries(uri.searchParams)).toEqual({
    issuer: "Acme & Söhne",
    secret: SECRET.base32,
    algorithm: "SHA1",
    digits: "6",
    period: "30",
  });
});

it.each(["12345", "1234567", "12 345", "abcdef", "１２３４５６", "-12345", "1e5   ", "123456\n7"])(
  "%j has no code's form",
  (text) => {
    expect(isTotpCode(text)).toBe(false);
    expect(stepOf(text, SECRET.base32, 59_000)).toBeUndefined();
  },
);
