import { expect, describe, test } from "vitest";
import { problem, raiser } from "../../base/index.ts";
import { createLogger, createMeter, redactText } from "./index.ts";

const CANARY = "c4n4ryc4n4ryc4n4ryc4n4ryc4n4ryc4n4ryc4n4ryc4n4ry0";
const KEY = `ptc_live_01jd3v9k2me8r8v0c2m4t6x8z0_${CANARY}`;
const raise = raiser({ "notes.tooLong": problem(422, "Too long") });

function capture(format: "json" | "pretty" = "json") {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ level: "info", format, destination, secrets: ["hunter22"] });
  return { logger, text: () => lines.join("") };
}

const PLANTED: Readonly<Record<string, object>> = {
  "a bearer header": { headers: { authorization: `Bearer ${CANARY}` } },
  "a header in any case": { req: { headers: { "X-API-Key": CANARY, Cookie: `s=${CANARY}` } } },
  "a list of set-cookie": { headers: { "set-cookie": [`a=${CANARY}`, `b=${CANARY}`] } },
  "raw headers": { rawHeaders: ["Host", "x", "Authorization", `Custom ${CANARY}`] },
  "fetch headers": { headers: new Headers({ authorization: `Basic ${CANARY}` }) },
  "a field named for it": { user: { client_secret: CANARY, clientSecret: CANARY, password: 7 } },
  "one of our keys in a text": { url: `/x?y=${KEY}`, note: `key ${KEY} was used` },
  "a webhook secret in a text": { note: `whsec_${CANARY}` },
  "a JWT in a text": { note: `got eyJhbGciOi.${CANARY}.${CANARY}` },
  "a password in a URL": { url: `postgres://ada:${CANARY}@db/x` },
  "a token in a query": { path: `/callback?code=1&access_token=${CANARY}` },
  "an error's message, stack and cause": {
    error: new TypeError(`bad ${KEY}`, { cause: new TypeError(`Bearer ${CANARY}`) }),
  },
  "a problem's internal note": { error: raise("notes.tooLong", { internal: `sent ${KEY}` }) },
  "a list in a list": { all: [[{ deep: [{ token: CANARY }] }]] },
  bytes: { body: new TextEncoder().encode(CANARY) },
  "a known secret anywhere": { note: "it says hunter22 here" },
};

describe("a log line", () => {
  test.each(Object.keys(PLANTED))("holds nothing of %s", (name) => {
    for (const format of ["json", "pretty"] as const) {
      const { logger, text } = capture(format);
      logger.info(PLANTED[name] ?? {}, "request");
      logger.error({ more: PLANTED[name] }, "request");
      expect(text()).toContain("request");
      expect(text()).not.toContain(CANARY);
      expect(text()).not.toContain("hunter22");
    }
  });

  test("holds no secret in its message, nor in the fields of a child", () => {
    const { logger, text } = capture();
    logger.warn({}, `key ${KEY} from hunter22`);
    logger.child({ token: CANARY, plugin: "keys" }).info({}, "made");
    expect(text()).not.toContain(CANARY);
    expect(text()).not.toContain("hunter22");
    expect(text()).toContain('"plugin":"keys"');
  });

  test("keeps what is no secret, the id of a key among it", () => {
    const { logger, text } = capture();
    const error = raise("notes.tooLong");
    logger.info({ route: "/api/v1/keys/{id}", durationMs: 1.5, big: 7n, tokens: 3, error }, "done");
    expect(JSON.parse(text())).toMatchObject({
      level: "info",
      service: "portico",
      message: "done",
      route: "/api/v1/keys/{id}",
      durationMs: 1.5,
      big: "7",
      tokens: 3,
      error: { code: "notes.tooLong", status: 422, message: "Too long" },
      time: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(redactText(KEY)).toBe("ptc_live_01jd3v9k2me8r8v0c2m4t6x8z0_[redacted]");
  });

  test("is written for rings of objects too", () => {
    const ring: Record<string, unknown> = {};
    ring["self"] = ring;
    const { logger, text } = capture();
    logger.info({ ring }, "round");
    expect(text()).toContain("[deeper]");
  });

  test("below the level is not written, and the level can change", () => {
    const { logger, text } = capture();
    logger.debug({}, "one");
    logger.setLevel("debug");
    logger.debug({}, "two");
    expect([text().includes("one"), text().includes("two")]).toEqual([false, true]);
  });
});

describe("the meter", () => {
  test("counts under our prefix, or under the names that OpenTelemetry fixed", async () => {
    const meter = createMeter({ version: "1.2.3" });
    meter
      .counter("keys_verifications_total", "Keys looked at", ["outcome"])
      .add(2, { outcome: "valid" });
    meter
      .counter("keys_verifications_total", "Keys looked at", ["outcome"])
      .add(1, { outcome: "valid" });
    meter.histogram("http_server_request_duration_seconds", "Time", ["http_route"]).observe(0.03, {
      http_route: "/x",
    });
    let depth = 1;
    meter.gauge("jobs_queue_depth", "Jobs that wait", () => depth);
    depth = 5;
    const text = await meter.metricsText();
    expect(text).toContain('portico_keys_verifications_total{outcome="valid"} 3');
    expect(text).toContain(
      'http_server_request_duration_seconds_bucket{le="0.05",http_route="/x"} 1',
    );
    expect(text).toContain("portico_jobs_queue_depth 5");
    expect(text).toMatch(/portico_build_info\{version="1.2.3",node="[\d.]+"\} 1/);
    expect(meter.contentType).toContain("text/plain");
  });

  test("of two servers in one process does not count together", async () => {
    const [one, other] = [
      createMeter({ version: "1" }),
      createMeter({ version: "1", process: true }),
    ];
    one.counter("calls_total", "Calls").add(1);
    other.counter("calls_total", "Calls").add(0);
    expect(await other.metricsText()).toContain("portico_calls_total 0");
    expect(await other.metricsText()).toContain("process_resident_memory_bytes");
    expect(await one.metricsText()).not.toContain("process_");
  });
});
