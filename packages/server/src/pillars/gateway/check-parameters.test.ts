import { describe, expect, it } from "vitest";
import { speak } from "./upstreams.fixture.ts";
import { answering, shop, told } from "./checks.fixture.ts";

describe("parameters", () => {
  it.each([
    ["/items?limit=5&ids=1&ids=2&csv=1,2&pipes=1|2&spaces=1%202"],
    ["/items?limit=5&csv=&ids=7"],
    ["/items?filter[min]=1&filter[tags][]=a&filter[tags][]=b"],
    ["/items?filter%5Bmin%5D=1&filter[tags][0]=a&filter[tags][1]=b"],
    ["/items?where=%7B%22a%22%3A1%7D&offset=3&size=2&ids[]=1&ids[]=2"],
    ["/items?flag&unknown=1&flag2=x"],
    ["/items?flag=true"],
    ["/items/7"],
    ["/files/caf%C3%A9.pdf"],
    ["/label/.1.2"],
  ])("%s fits and reaches the application as it came", async (path) => {
    await using upstream = await answering();
    await using app = await shop(upstream);
    const reply = await speak(
      app.url,
      `GET ${path.replaceAll("|", "%7C")} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    );
    expect(reply).toMatch(/^HTTP\/1\.1 200 /);
    expect(upstream.seen[0]?.url).toBe(path.replaceAll("|", "%7C"));
  });

  it.each([
    ["/items?limit=0", ["query /limit must be >= 1"]],
    [
      "/items?limit=abc&ids=x",
      ["query /limit must be integer; got string", "query /ids/0 must be integer; got string"],
    ],
    ["/items?limit=1&limit=2", ["query /limit must be integer; got array"]],
    ["/items?csv=1,b", ["query /csv/1 must be integer; got string"]],
    ["/items?pipes=1%7Cx", ["query /pipes/1 must be integer; got string"]],
    [
      "/items?filter[min]=x&filter[other]=1",
      ["query /filter/other is not known here", "query /filter/min must be integer; got string"],
    ],
    ["/items?filter[__proto__]=1", ["query /filter/__proto__ is not known here"]],
    ["/items?where=%7B", ["query /where is not JSON"]],
    ["/items?size=2", ["query /page/offset is missing"]],
    ["/items?ids[]=x", ["query /ids[]/0 must be integer; got string"]],
    ["/items?flag=maybe", ["query /flag must be boolean; got string"]],
    ["/items?limit=%ff", ["query  holds escapes that are no UTF-8"]],
    ["/items/seven", ["path /id must be integer; got string"]],
    ["/files/UPPER.pdf", ['path /name must match pattern "^[a-zé]+$"']],
    ["/label/.1.b", ["path /list/1 must be integer; got string"]],
  ])("%s is refused with every place", async (path, places) => {
    await using upstream = await answering();
    await using app = await shop(upstream);
    const got = await told(await fetch(`${app.url}${path}`));
    expect(got).toStrictEqual({ status: 422, code: "gateway.requestInvalid", places });
    expect(upstream.seen).toHaveLength(0);
  });

  it("in header fields and cookies are checked too", async () => {
    await using upstream = await answering();
    await using app = await shop(upstream);
    const good = { "x-count": "3", "x-list": "1, 2", cookie: "a=b; session=abcd" };
    expect((await fetch(`${app.url}/items`, { headers: good })).status).toBe(200);
    const bad = { "x-count": "three", "x-list": "1, b", cookie: "session=ab" };
    expect((await told(await fetch(`${app.url}/items`, { headers: bad }))).places).toStrictEqual([
      "header /X-Count must be integer; got string",
      "header /X-List/1 must be integer; got string",
      "cookie /session must NOT have fewer than 3 characters",
    ]);
  });

  it("beyond 2,000 are refused", async () => {
    await using upstream = await answering();
    await using app = await shop(upstream);
    const got = await told(await fetch(`${app.url}/items?${"a&".repeat(2_100)}`));
    expect(got.places).toStrictEqual(["query  has more than 2000 parameters"]);
  });
});
