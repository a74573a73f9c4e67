import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { fileRows } from "./file-rows.ts";
import { memoryRows } from "./memory-rows.ts";
import type { Retention } from "./messages.ts";
import type { RequestRow, RequestRows } from "./request-row.ts";

interface Kept extends AsyncDisposable {
  readonly file: string;
  readonly rows: RequestRows;
  reopen(): Promise<RequestRows>;
}

const row = (number: number, over: Partial<RequestRow> = {}): RequestRow => ({
  id: `req_${number}`,
  trace: "t1",
  organization: "default",
  subject: "key_1",
  at: 1_000 + number,
  durationMs: 1.5,
  method: "GET",
  route: "/x/{id}",
  path: "/x/é",
  status: 200,
  code: null,
  clientAddress: "::1",
  kept: "all",
  api: "shop",
  version: "2",
  credential: "key_1",
  credentialName: "ada's",
  bytesIn: 3,
  bytesOut: 4,
  upstreamMs: 0.5,
  cache: "miss",
  details: "{}",
  ...over,
});

const WEEK_MS = 7 * 86_400_000;
const LIMITS: Retention = { rowsMax: 1_000, bytesMax: 1e9, ageMaxMs: WEEK_MS };

async function onFile(retention: Retention): Promise<Kept> {
  const folder = await mkdtemp(join(tmpdir(), "portico-insight-"));
  const open = (): RequestRows =>
    fileRows({ file: join(folder, "requests.db"), ...retention }, (detail) => {
      throw new TypeError(detail);
    });
  let rows = open();
  return {
    file: join(folder, "requests.db"),
    rows,
    reopen: async () => {
      await rows.close();
      rows = open();
      return rows;
    },
    [Symbol.asyncDispose]: async () => {
      await rows.close();
      await rm(folder, { recursive: true });
    },
  };
}

function inMemory(retention: Retention): Promise<Kept> {
  const rows = memoryRows(retention);
  return Promise.resolve({
    file: "",
    rows,
    reopen: () => Promise.resolve(rows),
    [Symbol.asyncDispose]: () => rows.close(),
  });
}

describe.each([
  ["in a file", onFile],
  ["in memory", inMemory],
])("rows %s", (_name, open) => {
  it("come back newest first and whole, also from a file that is opened again", async () => {
    await using kept = await open(LIMITS);
    kept.rows.write([row(1), row(2, { code: "gateway.loop", status: 508 })]);
    const again = await kept.reopen();
    const found = await again.find({ organization: "default", limit: 10, hasDetails: true });
    expect(found.map((each) => each.row)).toStrictEqual([
      row(2, { code: "gateway.loop", status: 508 }),
      row(1),
    ]);
  });

  it("are only ever those of the organization asked for, by every filter", async () => {
    await using kept = await open(LIMITS);
    const all = [
      row(1, { durationMs: 99 }),
      row(2, { organization: "other" }),
      row(3, { status: 503, credential: "key_7", api: "bank", version: "9" }),
      row(4, { status: 500, method: "POST", code: "gateway.loop" }),
      row(5, { trace: "t2", route: "/y" }),
    ];
    kept.rows.write(all);
    const ids = async (filter: object): Promise<readonly string[]> => {
      const found = await kept.rows.find({ organization: "default", limit: 10, ...filter });
      return found.map((each) => each.row.id);
    };
    expect(await ids({})).toStrictEqual(["req_5", "req_4", "req_3", "req_1"]);
    expect(await ids({ status: "5xx" })).toStrictEqual(["req_4", "req_3"]);
    expect(await ids({ status: "503" })).toStrictEqual(["req_3"]);
    expect(await ids({ method: "POST" })).toStrictEqual(["req_4"]);
    expect(await ids({ route: "/y" })).toStrictEqual(["req_5"]);
    expect(await ids({ trace: "t2" })).toStrictEqual(["req_5"]);
    expect(await ids({ id: "req_4" })).toStrictEqual(["req_4"]);
    expect(await ids({ id: "req_2" })).toStrictEqual([]);
    expect(await ids({ search: "t2" })).toStrictEqual(["req_5"]);
    expect(await ids({ search: "req_1" })).toStrictEqual(["req_1"]);
    expect(await ids({ search: "req_" })).toStrictEqual([]);
    expect(await ids({ credential: "key_7", api: "bank", version: "9" })).toStrictEqual(["req_3"]);
    expect(await ids({ credential: "key_7", api: "shop" })).toStrictEqual([]);
    expect(await ids({ code: "gateway.loop" })).toStrictEqual(["req_4"]);
    expect(await ids({ subject: "key_1", until: 1_003 })).toStrictEqual(["req_1"]);
    expect(await ids({ slow: 99 })).toStrictEqual(["req_1"]);
    expect(await ids({ organization: undefined, status: "200" })).toStrictEqual([
      "req_5",
      "req_2",
      "req_1",
    ]);
    expect(await ids({ since: 1_004 })).toStrictEqual(["req_5", "req_4"]);
    const [, second] = await kept.rows.find({ organization: "default", limit: 2 });
    expect(await ids({ before: second?.position })).toStrictEqual(["req_3", "req_1"]);
  });

  it("are forgotten from the oldest on when there are too many", async () => {
    await using kept = await open(LIMITS);
    for (let batch = 0; batch < 30; batch += 1) {
      kept.rows.write(Array.from({ length: 100 }, (_each, index) => row(batch * 100 + index)));
    }
    const found = await kept.rows.find({ organization: "default", limit: 5_000 });
    expect(found[0]?.row.id).toBe("req_2999");
    expect(found.length).toBeLessThanOrEqual(1_020);
    expect(found.length).toBeGreaterThanOrEqual(1_000);
  });
});

describe.each([
  ["in a file", onFile],
  ["in memory", inMemory],
])("the age of rows %s", (_name, open) => {
  it("is bounded: those that are too old go, also where nothing is written", async () => {
    await using kept = await open({ ...LIMITS, ageMaxMs: 1_000 });
    kept.rows.write([row(1), row(2), row(1_500)]);
    kept.rows.forget(3_000);
    const found = await kept.rows.find({ limit: 10 });
    expect(found.map((each) => each.row.id)).toStrictEqual(["req_1500"]);
    kept.rows.forget(1_000_000);
    expect(await kept.rows.find({ limit: 10 })).toStrictEqual([]);
  });
});

describe("requests.db", () => {
  it("keeps to its bytes, and to its newest rows", async () => {
    const bytesMax = 1_048_576;
    await using kept = await onFile({ rowsMax: 100_000, bytesMax, ageMaxMs: WEEK_MS });
    const details = JSON.stringify({ query: "x".repeat(4_000) });
    for (let batch = 0; batch < 10; batch += 1) {
      kept.rows.write(
        Array.from({ length: 100 }, (_each, index) => row(batch * 100 + index, { details })),
      );
    }
    kept.rows.forget(2_000);
    const found = await kept.rows.find({ limit: 5_000 });
    expect(found[0]?.row.id).toBe("req_999");
    expect(found.length).toBeGreaterThan(100);
    await kept.rows.close();
    expect((await stat(kept.file)).size).toBeLessThanOrEqual(bytesMax * 1.1);
  });

  it("of a server from before there were details is opened, and takes rows with them", async () => {
    const folder = await mkdtemp(join(tmpdir(), "portico-insight-"));
    const file = join(folder, "requests.db");
    const old = new DatabaseSync(file);
    old.exec(`pragma journal_mode=wal; create table requests (position integer primary key,
      organization text not null, id text not null, trace text not null, subject text not null,
      at integer not null, duration_ms real not null, method text not null, route text not null,
      path text not null, status integer not null, code text, client_address text not null,
      kept text not null) strict;
      create index requests_newest on requests (organization, position);
      create index requests_thread on requests (organization, trace);
      insert into requests values (7, 'default', 'req_old', 't', 'key_1', 1000, 1.5, 'GET', '/x', '/x',
        200, null, '::1', 'all');`);
    old.close();
    const rows = fileRows({ file, ...LIMITS }, (detail) => expect.fail(detail));
    rows.write([row(1)]);
    const found = await rows.find({ organization: "default", limit: 10, hasDetails: true });
    expect(found.map((each) => [each.row.id, each.row.details, each.row.api])).toStrictEqual([
      ["req_1", "{}", "shop"],
      ["req_old", null, ""],
    ]);
    await rows.close();
    await rm(folder, { recursive: true });
  });

  it("that is no database any more is put aside, and the log goes on", async () => {
    const folder = await mkdtemp(join(tmpdir(), "portico-insight-"));
    const file = join(folder, "requests.db");
    await writeFile(file, "not a database, but long enough to be taken for one".repeat(100));
    const rows = fileRows({ file, ...LIMITS }, (detail) => expect.fail(detail));
    rows.write([row(1)]);
    expect(await rows.find({ limit: 10 })).toHaveLength(1);
    expect(await readdir(folder)).toContain("requests.db.broken");
    await rows.close();
    await rm(folder, { recursive: true });
  });
});
