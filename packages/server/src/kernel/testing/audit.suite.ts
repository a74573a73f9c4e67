import { generateKeyPairSync, sign, verify } from "node:crypto";
import { expect, it } from "vitest";
import { sha256 } from "../../base/index.ts";
import type { AuditVerdict } from "../audit/index.ts";
import { hashEntry, toEntry } from "../audit/entry.ts";
import type { OpenTestDatabase } from "./describe-store.ts";
import { openSpine, testOrigin, until } from "./spine.ts";
import type { TestSpine } from "./spine.ts";

const acme = { organization: "acme" };

async function noteTwelve(spine: TestSpine): Promise<void> {
  for (let index = 1; index <= 12; index += 1) {
    await spine.hub.append({ scope: acme, origin: testOrigin }, (session) =>
      session.as("notes").audit({
        action: "notes.rename",
        target: `note_${index % 2}`,
        before: { name: "old", index },
        after: { index, name: "new" },
      }),
    );
  }
}

async function change(spine: TestSpine, sql: string): Promise<void> {
  await spine.hub.driver.append([{ sql, parameters: [] }]);
}

/** Twelve sealed entries, the first six under a checkpoint; then the change; then the walk. */
async function verdictAfter(open: OpenTestDatabase, ...changes: string[]): Promise<AuditVerdict> {
  await using spine = await openSpine(open);
  await noteTwelve(spine);
  await spine.auditor.seal();
  await spine.auditor.checkpoint();
  for (const sql of changes) await change(spine, sql);
  return await spine.auditor.verify();
}

/** The audit's guarantees. */
export function auditSuite(open: OpenTestDatabase): void {
  recording(open);
  tampering(open);
}

function recording(open: OpenTestDatabase): void {
  it("keeps an entry with its deed and none without", async () => {
    await using spine = await openSpine(open);
    const refused = spine.hub.transaction({ scope: acme, origin: testOrigin }, (session) => {
      session.as("notes").audit({ action: "notes.delete", target: "note_1" });
      return Promise.reject(new TypeError("refused"));
    });
    await expect(refused).rejects.toThrow("refused");
    await noteTwelve(spine);
    const [newest, ...others] = await spine.auditor.list({ ...acme, limit: 20 });
    expect(others).toHaveLength(11);
    expect(newest).toMatchObject({
      actor: "tester",
      plugin: "notes",
      action: "notes.rename",
      cause: "req_test",
      diff: `{"after":{"index":12,"name":"new"},"before":{"index":12,"name":"old"}}`,
    });
    expect(newest?.diffHash).toBe(Buffer.from(sha256(newest?.diff ?? "")).toString("hex"));
  });

  it("pages one organization's entries, newest first, by what is asked", async () => {
    await using spine = await openSpine(open);
    await noteTwelve(spine);
    const query = { ...acme, target: "note_1", limit: 4 };
    const first = await spine.auditor.list(query);
    const rest = await spine.auditor.list({ ...query, before: first.at(-1)?.n ?? 0 });
    expect([...first, ...rest].map((entry) => entry.target)).toEqual(Array(6).fill("note_1"));
    expect(await spine.auditor.list({ organization: "globex", limit: 4 })).toEqual([]);
    expect(await spine.auditor.list({ ...acme, actor: "somebody", limit: 4 })).toEqual([]);
  });

  it("chains every entry once and without a gap, with two sealers at work", async () => {
    await using spine = await openSpine(open);
    const other = await spine.another();
    await spine.auditor.start();
    await other.auditor.start();
    await Promise.all([noteTwelve(spine), noteTwelve(other), noteTwelve(spine)]);
    await Promise.all([spine.auditor.seal(), other.auditor.seal(), spine.auditor.seal()]);
    await until(async () => {
      const verdict = await spine.auditor.verify();
      return verdict.intact && verdict.entries === 36;
    });
    expect(await spine.auditor.seal()).toBe(0);
  });

  it("signs the chain's end when the sealer stops", async () => {
    await using spine = await openSpine(open);
    await spine.auditor.start();
    await noteTwelve(spine);
    await until(async () => {
      const verdict = await spine.auditor.verify();
      return verdict.intact && verdict.entries === 12;
    });
    await spine.auditor.stop();
    expect(await spine.auditor.verify()).toEqual({
      intact: true,
      entries: 12,
      checkpoints: 1,
      erased: 0,
    });
  });

  it("signs checkpoints that anybody can check with the public key alone", async () => {
    await using spine = await openSpine(open);
    await noteTwelve(spine);
    await spine.auditor.seal();
    await spine.auditor.checkpoint();
    const [found] = await spine.auditor.checkpoints(5);
    const { seq = 0, hash = "", at = 0, signature = "", publicKey = "" } = found ?? {};
    const facts = Buffer.from(JSON.stringify({ at, hash, seq }));
    const bytes = Buffer.from(signature, "base64");
    expect(verify(null, facts, String(publicKey), bytes)).toBe(true);
    expect(verify(null, Buffer.concat([facts, facts]), String(publicKey), bytes)).toBe(false);
    const { rows } = await spine.hub.driver.query({
      sql: `select sealed from audit_keys`,
      parameters: [],
    });
    expect(rows.map((row) => String(row["sealed"]).slice(0, 3))).toEqual(["s1."]);
  });

  it("signs the chain's end after a thousand entries, whatever the time", async () => {
    await using spine = await openSpine(open);
    await spine.auditor.start();
    await spine.hub.append({ scope: acme, origin: testOrigin }, (session) => {
      for (let index = 0; index < 1_000; index += 1) {
        session.as("notes").audit({ action: "notes.rename", target: `note_${index}` });
      }
    });
    await until(async () => (await spine.auditor.checkpoints(1)).length > 0);
    expect(await spine.auditor.verify()).toMatchObject({ intact: true, entries: 1_000 });
  });

  it("holds an entry whose diff was erased, and says so", async () => {
    await using spine = await openSpine(open);
    await noteTwelve(spine);
    await spine.auditor.seal();
    await spine.auditor.erase({ ...acme, target: "note_1" });
    expect(await spine.auditor.verify()).toMatchObject({ intact: true, entries: 12, erased: 6 });
    const [entry] = await spine.auditor.list({ ...acme, target: "note_1", limit: 1 });
    expect(entry).toMatchObject({ diff: null, action: "notes.rename" });
  });
}

function tampering(open: OpenTestDatabase): void {
  it.each(["actor", "action", "target", "organization", "plugin", "cause", "trace", "id"])(
    "finds the entry whose %s was changed",
    async (column) => {
      const verdict = await verdictAfter(
        open,
        `update audit_entries set ${column} = 'x' where seq = 5`,
      );
      expect(verdict).toMatchObject({ intact: false, seq: 5, reason: "changed" });
    },
  );

  it("finds the entry whose time was changed", async () => {
    const verdict = await verdictAfter(open, `update audit_entries set at = at + 1 where seq = 12`);
    expect(verdict).toMatchObject({ intact: false, seq: 12, reason: "changed" });
  });

  it("finds the entry whose diff was changed", async () => {
    const verdict = await verdictAfter(open, `update audit_entries set diff = '{}' where seq = 7`);
    expect(verdict).toMatchObject({ intact: false, seq: 7, reason: "diffChanged" });
  });

  it("finds where an entry was taken out", async () => {
    const verdict = await verdictAfter(open, `delete from audit_entries where seq = 3`);
    expect(verdict).toMatchObject({ intact: false, seq: 3, reason: "missing" });
  });

  it("finds that the last entries were taken out, though the chain's end was set back", async () => {
    const verdict = await verdictAfter(
      open,
      `delete from audit_entries where seq > 10`,
      `update audit_chain set seq = 10, hash = (select hash from audit_entries where seq = 10)`,
    );
    expect(verdict).toMatchObject({ intact: false, seq: 11, reason: "missing" });
  });

  it("misses a tail that was cut off with its checkpoints, by a checkpoint that was kept elsewhere", async () => {
    await using spine = await openSpine(open);
    await noteTwelve(spine);
    await spine.auditor.seal();
    await spine.auditor.checkpoint();
    const [kept] = await spine.auditor.checkpoints(1);
    await change(spine, `delete from audit_entries where seq > 10`);
    await change(spine, `delete from audit_checkpoints`);
    const end = `select hash from audit_entries where seq = 10`;
    await change(spine, `update audit_chain set seq = 10, hash = (${end})`);
    expect(await spine.auditor.verify()).toMatchObject({ intact: true, entries: 10 });
    expect(await spine.auditor.verify(kept)).toMatchObject({
      intact: false,
      seq: 11,
      reason: "missing",
    });
  });

  it("finds that the chain is another than the one a kept checkpoint tells of", async () => {
    await using spine = await openSpine(open);
    await noteTwelve(spine);
    await spine.auditor.seal();
    const kept = { seq: 12, hash: "0".repeat(64) };
    expect(await spine.auditor.verify(kept)).toMatchObject({ seq: 12, reason: "rewritten" });
  });

  it("believes no checkpoint signed with a key that somebody put into the database", async () => {
    await using spine = await openSpine(open);
    await noteTwelve(spine);
    await spine.auditor.seal();
    const { privateKey } = generateKeyPairSync("ed25519");
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    await change(spine, `insert into audit_keys (id, sealed, at) values ('auk_x', '${pem}', 1)`);
    const { rows } = await spine.hub.driver.query({
      sql: `select seq, hash from audit_chain`,
      parameters: [],
    });
    const facts = { at: 1, hash: String(rows[0]?.["hash"]), seq: Number(rows[0]?.["seq"]) };
    const signature = sign(null, Buffer.from(JSON.stringify(facts)), privateKey);
    await change(
      spine,
      `insert into audit_checkpoints (seq, hash, at, signature, key_id)
        values (12, '${facts.hash}', 1, '${signature.toString("base64")}', 'auk_x')`,
    );
    expect(await spine.auditor.verify()).toMatchObject({ seq: 12, reason: "badSignature" });
  });

  it("finds a checkpoint that the installation did not sign", async () => {
    const verdict = await verdictAfter(open, `update audit_checkpoints set hash = 'x'`);
    expect(verdict).toMatchObject({ intact: false, seq: 12, reason: "badSignature" });
  });

  it("finds a chain that was written anew over a changed entry, by whoever has the database alone", async () => {
    await using spine = await openSpine(open);
    await noteTwelve(spine);
    await spine.auditor.seal();
    await spine.auditor.checkpoint();
    await change(spine, `update audit_entries set actor = 'nobody' where seq = 4`);
    const { rows } = await spine.hub.driver.query({
      sql: `select * from audit_entries order by seq`,
      parameters: [],
    });
    let hash = "";
    for (const [index, row] of rows.entries()) {
      hash = hashEntry(hash, index + 1, toEntry(row));
      await change(spine, `update audit_entries set hash = '${hash}' where seq = ${index + 1}`);
    }
    await change(spine, `update audit_chain set hash = '${hash}'`);
    expect(await spine.auditor.verify()).toMatchObject({
      intact: false,
      seq: 12,
      reason: "rewritten",
    });
  });
}
