import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fileRows } from "./file-rows.ts";
import { memoryRows } from "./memory-rows.ts";
import type { Retention } from "./messages.ts";
import type { RequestRow, RequestRows } from "./request-row.ts";

interface Kept extends AsyncDisposable {
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
      row(1),
      row(2, { organization: "other" }),
      row(3, { status: 503 }),
      row(4, { status: 500, method: "POST" }),
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
