import { describe, expect, it } from "vitest";
import { answering, FORM, post, shop, told } from "./checks.fixture.ts";

describe("a form", () => {
  it.each([
    ["amount=5&items[0][price]=p&items[0][quantity]=2&items[1][price]=q"],
    ["amount=5&metadata[a]=1&metadata[0]=x&when[gt]=4"],
    ["amount=5&metadata=&when=4"],
    ["amount=5&items[][price]=p"],
    ["amount=%35&metadata%5Ba+b%5D=c%2Bd"],
  ])("%s fits", async (body) => {
    await using upstream = await answering();
    await using app = await shop(upstream);
    expect(await told(await post(`${app.url}/forms`, body, FORM))).toMatchObject({ status: 200 });
    expect(upstream.seen[0]?.body).toBe(body);
  });

  it.each([
    ["", ["body /amount is missing"]],
    [
      "amount=x&other=1",
      ["body /amount must be integer; got string", "body /other is not known here"],
    ],
    [
      "amount=1&items[0][quantity]=two",
      ["body /items/0/price is missing", "body /items/0/quantity must be integer; got string"],
    ],
    ["amount=1&metadata=text", ["body /metadata fits none of the forms it may have; got string"]],
    ["amount=1&amount=2", ["body /amount must be integer; got array"]],
    ["amount=1&amount[a]=2", ["body /amount must be integer; got array"]],
    ["amount=1&__proto__[polluted]=1", ["body /__proto__ is not known here"]],
    [`amount=1&items${"[0]".repeat(50)}=1`, [`body /items${"[0]".repeat(50)} is not known here`]],
  ])("%s is refused with every place", async (body, places) => {
    await using upstream = await answering();
    await using app = await shop(upstream);
    // An empty body is no form at all, and this one is not required: a space makes it one that has nothing.
    const got = await told(await post(`${app.url}/forms`, body === "" ? "&" : body, FORM));
    expect(got.places.toSorted()).toStrictEqual(places.toSorted());
    expect(upstream.seen).toHaveLength(0);
  });
});

describe("multipart", () => {
  const part = (name: string, body: string, more = ""): string =>
    `--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${body}\r\n`;
  const TYPE = 'multipart/form-data; boundary="b"';

  it("has its fields checked, and its files only for being there", async () => {
    await using upstream = await answering();
    await using app = await shop(upstream);
    const file = part("file", "tiny", '; filename="a.txt"');
    const good = `${part("title", "Hi")}${part("count", "3")}${part("meta", '{"a":1}')}${file}--b--\r\n`;
    expect((await post(`${app.url}/uploads`, good, TYPE)).status).toBe(200);
    expect(upstream.seen[0]?.body).toBe(good);
    const bad = `${part("title", "H")}${part("count", "x")}${part("meta", "{}")}--b--\r\n`;
    const got = await told(await post(`${app.url}/uploads`, bad, TYPE));
    expect(got.places.toSorted()).toStrictEqual([
      "body /count must be integer; got string",
      "body /file is missing",
      "body /meta/a is missing",
      "body /title must NOT have fewer than 2 characters",
    ]);
  });

  it.each([["--b\r\n"], ["nothing"], ["--b\r\nX: y\r\n\r\nz\r\n--b--\r\n"]])(
    "that cannot be read is 400: %j",
    async (body) => {
      await using upstream = await answering();
      await using app = await shop(upstream);
      expect(await told(await post(`${app.url}/uploads`, body, TYPE))).toMatchObject({
        status: 400,
      });
    },
  );

  it("beyond the bound, and what is of no checked type, streams on unchecked", async () => {
    await using upstream = await answering();
    await using app = await shop(upstream, { validateBodyBytesMax: 2_000 });
    const large = `${part("title", "x".repeat(5_000))}--b--\r\n`;
    expect((await post(`${app.url}/uploads`, large, TYPE)).status).toBe(200);
    expect((await post(`${app.url}/uploads`, Buffer.alloc(10_000), "image/png")).status).toBe(200);
    expect((await post(`${app.url}/uploads`, Buffer.alloc(10), "video/mp4")).status).toBe(415);
    expect(upstream.seen.map(({ body }) => body.length)).toStrictEqual([large.length, 10_000]);
  });
});
