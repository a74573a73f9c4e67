// The pages of the documentation in a real browser: they render, they can be switched between APIs, a big document does
// not freeze them, and no request goes to another host. Skipped where no Chromium is installed.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { add, ApiDocuments, definePlugin } from "../../packages/server/src/kernel/index.ts";
import { createTestApp, type TestApp } from "../../packages/server/src/kernel/testing/index.ts";
import { builtIns } from "../../packages/server/src/platform.ts";
import { chromium, openBrowser, type BrowserPage } from "./browser.ts";

const PATHS = 400;
const PROPERTIES = 40;

/** As many paths and as deep schemas as the great public APIs have. */
function bigDocument(serverUrl: string): Readonly<Record<string, unknown>> {
  const text = { type: "string", description: "What it is, in a sentence of some length." };
  const schemas = Object.fromEntries(
    Array.from({ length: PATHS }, (_, index) => [
      `Thing${index}`,
      {
        type: "object",
        properties: {
          ...Object.fromEntries(Array.from({ length: PROPERTIES }, (_one, p) => [`p${p}`, text])),
          // A ring over all of them, as in Stripe's.
          next: { $ref: `#/components/schemas/Thing${(index + 1) % PATHS}` },
        },
      },
    ]),
  );
  const paths = Object.fromEntries(
    Array.from({ length: PATHS }, (_, index) => [
      `/v1/things${index}/{id}`,
      Object.fromEntries(
        ["get", "post"].map((method) => [
          method,
          {
            operationId: `${method}Thing${index}`,
            summary: `${method} thing ${index}`,
            tags: [`group ${index % 20}`],
            parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
            responses: {
              200: {
                description: "The thing",
                content: {
                  "application/json": { schema: { $ref: `#/components/schemas/Thing${index}` } },
                },
              },
            },
          },
        ]),
      ),
    ]),
  );
  return {
    openapi: "3.1.0",
    info: { title: "Big", version: "2024-01-01" },
    servers: [{ url: `${serverUrl}/big` }],
    paths,
    components: { schemas },
  };
}

let document: Readonly<Record<string, unknown>> | undefined;
const fronted = definePlugin({
  id: "fronted",
  version: "1.0.0",
  engine: "^1",
  contributes: [
    add(ApiDocuments, {
      list: () => [{ api: "big", title: "Big", version: "2024-01-01", isCurrent: true }],
      document: ({ serverUrl }) => (document ??= bigDocument(serverUrl)),
    }),
  ],
});

/** Where the page is not there yet, the answer is no. */
const shows = (text: string): string =>
  `document.body !== null && document.body.innerText.includes(${JSON.stringify(text)})`;

describe.skipIf(chromium === undefined)("in a browser", () => {
  let app: TestApp;
  let url: string;
  beforeAll(async () => {
    app = await createTestApp({ plugins: [...builtIns(), fronted] });
    ({ url } = await app.listen("127.0.0.1", 0));
  });
  afterAll(() => app.stop());

  function expectQuiet(page: BrowserPage): void {
    const foreign = page.requests.filter(
      (each) => !each.startsWith(`${url}/`) && !/^(?:about|blob|data):/.test(each),
    );
    expect({ foreign, errors: page.errors }).toEqual({ foreign: [], errors: [] });
    expect(page.requests.some((each) => each.includes("/docs/assets/"))).toBe(true);
  }

  test("/docs shows Portico's API and offers the others, with nothing from elsewhere", async () => {
    await using page = await openBrowser();
    await page.open(`${url}/docs`);
    await page.until(shows("Create an API key"));
    await page.until(shows("/api/v1/keys"));
    // The switch is a list that opens.
    await page.until(
      `(() => { const button = [...document.querySelectorAll("button")].find((one) =>
         one.innerText.trim() === "Portico"); button?.click(); return button !== undefined; })()`,
    );
    await page.until(shows("Big 2024-01-01 (current)"));
    expectQuiet(page);
  });

  test("/docs shows a document of 800 operations and stays in hand", async () => {
    await using page = await openBrowser();
    await page.open(`${url}/docs?api=big.2024-01-01`);
    const shownMs = await page.until(shows("things0/{id}"), 30_000);
    await page.evaluate("new Promise((done) => setTimeout(done, 3_000))");
    // Ten frames while it is scrolled: a page that froze answers none of them.
    const framesMs = Number(
      await page.evaluate(`(async () => {
        const from = performance.now();
        for (let at = 0; at < 10; at += 1) {
          scrollBy(0, 800);
          await new Promise((done) => requestAnimationFrame(done));
        }
        return performance.now() - from;
      })()`),
    );
    console.log(`big document: shown after ${shownMs.toFixed(0)} ms, 10 frames in ${framesMs} ms`);
    expect(framesMs).toBeLessThan(10_000);
    expectQuiet(page);
  });

  test("/docs/swagger shows the same documents, by its own switch", async () => {
    await using page = await openBrowser();
    await page.open(`${url}/docs/swagger`);
    await page.until(shows("webhooks"));
    await page.evaluate(`(() => {
      const choice = document.querySelector("#select");
      choice.value = [...choice.options].find((one) => one.text.startsWith("Big")).value;
      choice.dispatchEvent(new Event("change", { bubbles: true }));
    })()`);
    await page.until(shows("group 19"), 30_000);
    await page.until(`(() => { document.querySelector(".opblock-tag").click(); return true; })()`);
    await page.until(shows("/v1/things0/{id}"));
    expectQuiet(page);
  });
});
