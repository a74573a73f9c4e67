import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ParsedHead } from "./reply-head.ts";
import { ReplyParser } from "./reply-parser.ts";

/** What a parser told of the bytes it was given. */
interface Told {
  readonly heads: ParsedHead[];
  readonly interims: number[];
  body: string;
  /** `complete exact`, `complete` (bytes followed), `malformed: …`, or empty while more is awaited. */
  end: string;
  trailers: readonly string[];
  /** Calls after the end: there must be none. */
  late: number;
}

function parse(pieces: readonly Buffer[], { isHead = false, closes = false } = {}): Told {
  const told: Told = { heads: [], interims: [], body: "", end: "", trailers: [], late: 0 };
  const alive = (): void => {
    if (told.end !== "") told.late += 1;
  };
  const parser = new ReplyParser({
    onHead: (head, body) => {
      alive();
      told.heads.push(head);
      if (body !== undefined) told.body += body.toString("latin1");
    },
    onInterim: ({ status }) => {
      alive();
      told.interims.push(status);
    },
    onChunk: (chunk) => {
      alive();
      told.body += chunk.toString("latin1");
    },
    onSwitched: () => {
      alive();
      told.end = "switched";
    },
    onComplete: (trailers, isExact) => {
      alive();
      told.trailers = trailers;
      told.end = isExact ? "complete exact" : "complete";
    },
    onMalformed: (detail) => {
      alive();
      told.end = `malformed: ${detail}`;
    },
  });
  parser.begin(isHead);
  for (const piece of pieces) {
    // Bytes are lent: whatever is kept of them must have been copied.
    const lent = Buffer.from(piece);
    parser.feed(lent);
    lent.fill(0x21);
  }
  if (closes && told.end === "") {
    const how = parser.end();
    if (how === "cut") told.end = "cut";
  }
  return told;
}

const read = (text: string, options = {}): Told => parse([Buffer.from(text, "latin1")], options);
const OK = "HTTP/1.1 200 OK\r\n";

describe("a reply that two readers could take for two", () => {
  it.each([
    [
      "two Content-Lengths that are the same",
      `${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`,
    ],
    ["two Content-Lengths that differ", `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!`],
    ["a list of Content-Lengths", `${OK}Content-Length: 2, 2\r\n\r\nok`],
    ["an empty Content-Length", `${OK}Content-Length:\r\n\r\n`],
    ["a Content-Length in hexadecimal", `${OK}Content-Length: 0x2\r\n\r\nok`],
    ["a Content-Length beyond what is counted", `${OK}Content-Length: 9999999999999999\r\n\r\n`],
    [
      "Content-Length beside chunks",
      `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      "chunks beside Content-Length",
      `${OK}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n`,
    ],
    ["a coding before chunked", `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ["identity", `${OK}Transfer-Encoding: identity\r\n\r\n`],
    ["an empty Transfer-Encoding", `${OK}Transfer-Encoding:\r\n\r\n`],
    ["a comma before chunked", `${OK}Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n`],
    [
      "chunked twice",
      `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ["chunked with a vertical tab", `${OK}Transfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n`],
    ["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a split: CR within a value", `${OK}Location: /a\rSet-Cookie: evil=1\r\n\r\n`],
    ["a split: LF within a value", `${OK}Location: /a\nSet-Cookie: evil=1\r\n\r\n`],
    [
      "a split: LF LF within a value",
      `${OK}Location: /a\n\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`,
    ],
    ["NUL within a value", `${OK}Location: /a\u0000b\r\n\r\n`],
    ["a space before the colon", `${OK}Content-Length : 2\r\n\r\nok`],
    ["a folded field", `${OK}X-A: b\r\n c\r\n\r\n`],
    ["a first field that is folded", `${OK} X-A: b\r\n\r\n`],
    ["an empty name", `${OK}: b\r\n\r\n`],
    ["a line without colon", `${OK}nonsense\r\n\r\n`],
    ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"],
    ["a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"],
    ["a status below 100", "HTTP/1.1 099 OK\r\n\r\n"],
    ["two spaces before the status", "HTTP/1.1  200 OK\r\n\r\n"],
    ["HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n"],
    ["HTTP/2", "HTTP/2 200\r\n\r\n"],
    ["a protocol in lower case", "http/1.1 200 OK\r\n\r\n"],
    ["HTTP/0.9", "<html>\r\n\r\n"],
    ["a blank line before it", `\r\n${OK}\r\n`],
    ["a switch that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
    ["17 informational replies", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(17)],
    ["line feeds alone", "HTTP/1.1 200 OK\nContent-Length: 0\n\n\r\n\r\n"],
  ])("is malformed: %s", (_name, text) => {
    const told = read(text);
    expect(told.end).toMatch(/^malformed: /);
    expect(told.heads).toStrictEqual([]);
    expect(told.late).toBe(0);
  });

  const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
  it.each([
    ["a signed size", "+1\r\na\r\n0\r\n\r\n"],
    ["a size 0x1", "0x1\r\na\r\n0\r\n\r\n"],
    ["a size 1_0", "1_0\r\na\r\n0\r\n\r\n"],
    ["no size", "\r\na\r\n0\r\n\r\n"],
    ["no size but an extension", ";a=b\r\na\r\n0\r\n\r\n"],
    ["a size after a space", " 1\r\na\r\n0\r\n\r\n"],
    ["a size that wraps at 64 bits", "10000000000000001\r\na\r\n0\r\n\r\n"],
    ["a size that wraps at 32 bits and 64", "ffffffffffffffff\r\na\r\n0\r\n\r\n"],
    ["a bare CR in an extension", "1;a\rb\r\na\r\n0\r\n\r\n"],
    ["a bare LF in an extension", "1;a\nb\r\na\r\n0\r\n\r\n"],
    ["a bare LF after a size", "1\na\r\n0\r\n\r\n"],
    ["NUL in an extension", "1;a\u0000b\r\na\r\n0\r\n\r\n"],
    ["an endless extension", `1;${"a".repeat(5_000)}\r\na\r\n0\r\n\r\n`],
    ["bytes between chunks", "1\r\nab\r\n0\r\n\r\n"],
    ["a bare LF after a chunk", "1\r\na\n0\r\n\r\n"],
    ["a CR and another character after a chunk", "1\r\na\rX0\r\n\r\n"],
    ["a trailer without colon", "0\r\nnonsense\r\n\r\n"],
    ["a trailer with a bare CR", "0\r\nX-A: b\rc\r\n\r\n"],
    ["endless trailers", `0\r\nX-A: ${"a".repeat(70_000)}`],
  ])("is malformed within its body: %s", (_name, body) => {
    const told = read(`${CHUNKED}${body}`);
    expect(told.end).toMatch(/^malformed: /);
    expect(told.late).toBe(0);
  });

  it.each([
    ["a body of a length", `${OK}Content-Length: 2\r\n\r\nok`],
    ["chunks", `${CHUNKED}2\r\nok\r\n0\r\n\r\n`],
    ["chunks with trailers", `${CHUNKED}2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n`],
    ["a 204", "HTTP/1.1 204 No Content\r\n\r\n"],
    ["a 304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"],
  ])("is never followed by another on its connection: bytes after %s", (_name, text) => {
    expect(read(text).end).toBe("complete exact");
    const told = read(`${text}${OK}Content-Length: 4\r\n\r\nevil`);
    expect(told.end).toBe("complete");
    expect(told.heads).toHaveLength(1);
    expect(told.body).not.toContain("evil");
  });

  it("never has trailers that decide how it is framed, routed or kept", () => {
    const evil = [
      "Content-Length: 9",
      "Transfer-Encoding: chunked",
      "Set-Cookie: a=1",
      "Cache-Control: public",
      "Connection: close",
      "Location: /",
      "Vary: *",
    ];
    const told = read(`${CHUNKED}0\r\n${evil.join("\r\n")}\r\nX-Sum: 1\r\n\r\n`);
    expect(told.trailers).toStrictEqual(["X-Sum", "1"]);
  });
});

/** A reply and what it must be read as. */
interface Made {
  readonly text: string;
  readonly body: string;
  readonly status: number;
  readonly isCounted: boolean;
}

const token = fc
  .stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,11}$/)
  .filter(
    (name) =>
      !/^(?:content|transfer|connection|keep|te$|trailer|upgrade|proxy|x-request)/i.test(name),
  );
const value = fc.stringMatching(/^(?:[!-~]([ -~]{0,20}[!-~])?)?$/);
const bytes = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
  maxLength: 300,
});
const reply: fc.Arbitrary<Made> = fc
  .record({
    status: fc.constantFrom(200, 201, 404, 500),
    fields: fc.array(fc.tuple(token, value), { maxLength: 5 }),
    body: bytes,
    cuts: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 8 }),
    how: fc.constantFrom("length" as const, "chunks" as const, "close" as const),
  })
  .map(({ status, fields, body, cuts, how }) => {
    const lines = fields.map(([name, text]) => `${name}: ${text}\r\n`).join("");
    const head = `HTTP/1.1 ${status} Reason\r\n${lines}`;
    if (how === "length") {
      return {
        text: `${head}Content-Length: ${body.length}\r\n\r\n${body}`,
        body,
        status,
        isCounted: true,
      };
    }
    if (how === "close") return { text: `${head}\r\n${body}`, body, status, isCounted: false };
    let chunks = "";
    let rest = body;
    for (const cut of [...cuts, body.length]) {
      const chunk = rest.slice(0, cut);
      rest = rest.slice(cut);
      if (chunk !== "") chunks += `${chunk.length.toString(16)};x="y"\r\n${chunk}\r\n`;
    }
    return {
      text: `${head}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`,
      body,
      status,
      isCounted: true,
    };
  });

function cutInto(text: string, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let rest = Buffer.from(text, "latin1");
  for (const size of sizes) {
    pieces.push(rest.subarray(0, size));
    rest = rest.subarray(size);
  }
  return [...pieces, rest];
}

const sizes = fc.array(fc.integer({ min: 1, max: 17 }), { maxLength: 60 });

describe("any reply", () => {
  it("is read the same, in whatever pieces it comes", () => {
    fc.assert(
      fc.property(reply, sizes, ({ text, body, status, isCounted }, cuts) => {
        for (const pieces of [[Buffer.from(text, "latin1")], cutInto(text, cuts)]) {
          const told = parse(pieces, { closes: true });
          expect(told.heads.map((head) => head.status)).toStrictEqual([status]);
          expect(told.body).toBe(body);
          expect(told.end).toBe(isCounted ? "complete exact" : "complete");
        }
      }),
      { seed: 9_112, numRuns: 500 },
    );
  });

  it("that is changed in a few bytes ends once at most, whole or malformed, in whatever pieces it comes", () => {
    const change = fc.tuple(
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.constantFrom(
        "\r",
        "\n",
        "\0",
        " ",
        ":",
        ",",
        ";",
        "0",
        "f",
        "\r\n",
        "\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "Content-Length: 3\r\n",
        "",
      ),
      fc.integer({ min: 0, max: 3 }),
    );
    fc.assert(
      fc.property(
        reply,
        fc.array(change, { minLength: 1, maxLength: 3 }),
        sizes,
        ({ text }, changes, cuts) => {
          let changed = text;
          for (const [at, put, removed] of changes) {
            const index = Math.floor(at * changed.length);
            changed = changed.slice(0, index) + put + changed.slice(index + removed);
          }
          const whole = parse([Buffer.from(changed, "latin1")], { closes: true });
          const pieced = parse(cutInto(changed, cuts), { closes: true });
          for (const told of [whole, pieced]) {
            expect(told.late).toBe(0);
            expect(told.heads.length).toBeLessThanOrEqual(1);
            for (const head of told.heads) {
              // Nothing that goes out to a caller can break a line.
              expect(head.headers.every((each) => !/[\r\n\0]/.test(each))).toBe(true);
              expect(head.reason).not.toMatch(/[\r\n\0]/);
            }
          }
          // Bytes after the end may be seen or not, by how they are cut; all else is the same.
          const how = (told: Told): string => told.end.replace(" exact", "");
          expect(how(pieced)).toBe(how(whole));
          expect(pieced.heads).toStrictEqual(whole.heads);
          expect(pieced.body).toBe(whole.body);
        },
      ),
      { seed: 11_2, numRuns: 3_000 },
    );
  });

  it("of nothing but noise is malformed or awaited, and holds no more than its bound", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 40 }), (noise) => {
        const told = parse(noise.map((each) => Buffer.from(each)));
        expect(told.heads).toStrictEqual([]);
        expect(told.late).toBe(0);
      }),
      { seed: 3, numRuns: 500 },
    );
    expect(read("a".repeat(70_000)).end).toMatch(/^malformed: /);
  });
});
