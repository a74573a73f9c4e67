import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSecrets, fingerprints, keyNumberOf, openKeyring } from "./index.ts";
import type { Keyring } from "./index.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "portico-secrets-"));
});
afterAll(async () => rm(root, { recursive: true }));

const place = ["default", "webhooks_webhooks", "secret", "webhook_1"];

function code(name: string): unknown {
  return expect.objectContaining({ code: `secrets.${name}` });
}

describe("the keyring", () => {
  test("is made once, for this user alone, and stays the same", async () => {
    const file = join(root, "first.json");
    const first = openKeyring({ file, create: "ifAbsent" });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(first.keys.get(1)?.byteLength).toBe(32);
    expect(openKeyring({ file, create: "ifAbsent" })).toEqual(first);
    expect(openKeyring({ file, create: "never" })).toEqual(first);
  });

  test("is refused when others may read it, unless it is mounted so", async () => {
    const file = join(root, "open.json");
    openKeyring({ file, create: "ifAbsent" });
    await chmod(file, 0o644);
    expect(() => openKeyring({ file, create: "ifAbsent" })).toThrow(code("keyringExposed"));
    expect(openKeyring({ file, create: "never", access: "mounted" }).current).toBe(1);
  });

  test("is never made where one must be", () => {
    const file = join(root, "absent.json");
    expect(() => openKeyring({ file, create: "never" })).toThrow(code("keyringMissing"));
  });

  test.each([
    ["half a file", '{"version":1,"curr'],
    ["no keys", "{}"],
    ["a short key", '{"current":1,"keys":{"1":"c2hvcnQ="}}'],
    ["a current key that is not in it", '{"current":2,"keys":{}}'],
    ["null", "null"],
  ])("with %s is refused without showing it and left as it is", async (_what, text) => {
    const file = join(root, "broken.json");
    await writeFile(file, text, { mode: 0o600 });
    const failure = (() => {
      try {
        return openKeyring({ file, create: "ifAbsent" });
      } catch (error) {
        return error;
      }
    })();
    expect(failure).toEqual(code("keyringUnreadable"));
    expect(String(failure)).not.toContain("c2hvcnQ");
    expect(await readFile(file, "utf8")).toBe(text);
  });

  test("shows fingerprints that differ by key and tell nothing of it", () => {
    const one = openKeyring({ memory: true });
    const other = openKeyring({ memory: true });
    expect(fingerprints(one)).toEqual(fingerprints(one));
    expect(fingerprints(one)[1]).toMatch(/^[0-9a-f]{8}$/);
    expect(fingerprints(one)).not.toEqual(fingerprints(other));
  });
});

describe("sealing", () => {
  const ring = openKeyring({ memory: true });
  const secrets = createSecrets(ring);

  test.each(["", "plain", "ünï ✓ \u2028", "x".repeat(100_000)])("gives back %#", (plain) => {
    expect(secrets.open(secrets.seal(plain, place), place)).toBe(plain);
  });

  test("never gives the same text twice, nor the plain one", () => {
    const sealed = secrets.seal("plain", place);
    expect(secrets.seal("plain", place)).not.toBe(sealed);
    expect(sealed).not.toContain("plain");
    expect(keyNumberOf(sealed)).toBe(1);
  });

  test.each([
    ["another organization", ["other", ...place.slice(1)]],
    ["another row", [...place.slice(0, 3), "webhook_2"]],
    ["parts joined otherwise", [place.join(",")]],
    ["fewer parts", place.slice(0, 3)],
  ])("does not open at %s", (_what, elsewhere) => {
    const sealed = secrets.seal("plain", place);
    expect(() => secrets.open(sealed, elsewhere)).toThrow(code("unopenable"));
  });

  test("does not open when any byte was altered, cut off or is no sealed text", () => {
    const [version, number, body = ""] = secrets.seal("plain", place).split(".");
    for (let index = 0; index < body.length - 1; index += 1) {
      const other = body[index] === "A" ? "B" : "A";
      const altered = `${version}.${number}.${body.slice(0, index)}${other}${body.slice(index + 1)}`;
      expect(() => secrets.open(altered, place)).toThrow(code("unopenable"));
    }
    for (const text of ["", "plain", "s1.1.", "s1.1.AAAA", `s1.0.${body}`, `s2.1.${body}`]) {
      expect(() => secrets.open(text, place)).toThrow(code("unopenable"));
    }
  });

  test("opens under old keys, seals under the current one, and refuses numbers it does not hold", () => {
    const old = secrets.seal("plain", place);
    const keys = new Map([...ring.keys, [2, new Uint8Array(32).fill(7)] as const]);
    const rotated: Keyring = { current: 2, keys };
    const after = createSecrets(rotated);
    expect(after.open(old, place)).toBe("plain");
    const fresh = after.seal("plain", place);
    expect(keyNumberOf(fresh)).toBe(2);
    expect(() => secrets.open(fresh, place)).toThrow(code("unknownKey"));
    expect(() => secrets.open(fresh.replace("s1.2.", "s1.1."), place)).toThrow(code("unopenable"));
  });

  test("derives one key a purpose, and a caller cannot change it for others", () => {
    const key = secrets.derive("cursors");
    expect(key.byteLength).toBe(32);
    expect(secrets.derive("headers")).not.toEqual(key);
    expect(key).not.toEqual(ring.keys.get(1));
    const copy = key.slice();
    key.fill(0);
    expect(secrets.derive("cursors")).toEqual(copy);
  });
});
