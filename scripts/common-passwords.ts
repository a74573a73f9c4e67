// Makes the list of passwords that identity refuses, from lists of words: one a line, or a JSON array.
//
//   npm pack @zxcvbn-ts/language-common@4.1.3 && tar xzf zxcvbn-ts-language-common-4.1.3.tgz
//   apt-get download python3-django && dpkg -x python3-django_*.deb django
//   node scripts/common-passwords.ts package/src/passwords.json \
//     django/usr/lib/python3/dist-packages/django/contrib/auth/common-passwords.txt.gz
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const OUT = "packages/server/src/pillars/identity/people/generated/common-passwords.ts";
/** Shorter ones are refused for their length. */
const LENGTH_MIN = 8;

function wordsIn(file: string): readonly string[] {
  const bytes = readFileSync(file);
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  return file.endsWith(".json") ? (JSON.parse(text) as string[]) : text.split("\n");
}

const words = new Set(
  process.argv
    .slice(2)
    .flatMap(wordsIn)
    .map((word) => word.trim().normalize("NFKC").toLowerCase())
    .filter((word) => word.length >= LENGTH_MIN),
);
const hashes = new Set(
  [...words].map((word) => createHash("sha256").update(word).digest().readUInt32BE(0)),
);
const table = new DataView(new ArrayBuffer(hashes.size * 4));
for (const [index, hash] of [...hashes].toSorted((one, other) => one - other).entries()) {
  table.setUint32(index * 4, hash);
}
writeFileSync(
  OUT,
  `// Made by scripts/common-passwords.ts of ${words.size} passwords; not edited by hand.
/** First 32 bits of the SHA-256 of each, sorted, as base64. */
export const commonPasswords =
  "${Buffer.from(table.buffer).toString("base64")}";
`,
);
console.log(`${words.size} passwords, ${table.byteLength} bytes`);
