import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Api, Route } from "./call.ts";
import { createRouter } from "./router.ts";
import { parseTemplate, readParameters, readValues, shapeOf } from "./template.ts";

const api = { id: "shop", basePath: "/", host: undefined } as unknown as Api;

function router(...templates: readonly string[]) {
  const made = createRouter(
    templates.map(
      (template) => ({ id: template, api, template, methods: ["GET"] }) as unknown as Route,
    ),
  );
  return (path: string, method = "GET"): string | undefined => {
    const match = made.find(method, undefined, path);
    return match?.kind === "route" ? match.route.template : match?.kind;
  };
}

describe("a segment that is partly fixed", () => {
  it("takes its paths, and leaves the others to the parameter beside it", () => {
    const find = router(
      "/files/{id}",
      "/files/{id}.pdf",
      "/files/list",
      "/{name}:{verb}",
      "/{name}",
    );
    expect(find("/files/7.pdf")).toBe("/files/{id}.pdf");
    expect(find("/files/7.txt")).toBe("/files/{id}");
    expect(find("/files/.pdf")).toBe("/files/{id}");
    expect(find("/files/list")).toBe("/files/list");
    expect(find("/jobs:cancel")).toBe("/{name}:{verb}");
    expect(find("/jobs")).toBe("/{name}");
    expect(find("/:cancel")).toBe("/{name}");
  });

  it("with more fixed text wins, whatever the order of the routes", () => {
    for (const templates of [
      ["/{a}.tar.gz", "/{a}.gz", "/{a}"],
      ["/{a}", "/{a}.gz", "/{a}.tar.gz"],
    ]) {
      const find = router(...templates);
      expect(find("/x.tar.gz")).toBe("/{a}.tar.gz");
      expect(find("/x.gz")).toBe("/{a}.gz");
    }
  });

  it("is left again when nothing below fits", () => {
    const find = router("/{a}.pdf/pages", "/{b}/rows");
    expect(find("/x.pdf/rows")).toBe("/{b}/rows");
    expect(find("/x.pdf/pages")).toBe("/{a}.pdf/pages");
  });

  it("is not avoided by encoding its fixed character", () => {
    const find = router("/jobs/{id}", "/jobs/{id}:cancel", "/jobs/a@b");
    expect(find("/jobs/7:cancel")).toBe("/jobs/{id}:cancel");
    expect(find("/jobs/7%3Acancel")).toBe("noRoute");
    expect(find("/jobs/a%40b")).toBe("noRoute");
    expect(find("/jobs/a%40c")).toBe("/jobs/{id}");
  });
});

describe("a parameter of a kind", () => {
  it("takes what is of its kind, so that two operations of one shape are two routes", () => {
    const find = router("/a/{name}", "/a/{id:uuid}", "/a/{n:integer}");
    expect(find("/a/6f9619ff-8b86-d011-b42d-00cf4fc964ff")).toBe("/a/{id:uuid}");
    expect(find("/a/12")).toBe("/a/{n:integer}");
    expect(find("/a/12b")).toBe("/a/{name}");
    expect(find("/a/12", "POST")).toBe("wrongMethod");
    expect(shapeOf("/a/{x:uuid}/{y}")).toBe("/a/{:uuid}/{}");
  });
});

describe("two routes of one path, one of a kind", () => {
  it("share what is of the kind by their methods", () => {
    const made = createRouter([
      { id: "byId", api, template: "/a/{id:uuid}", methods: ["GET"] },
      { id: "byName", api, template: "/a/{name}", methods: ["GET", "PUT"] },
    ] as unknown as Route[]);
    const find = (method: string): string | undefined => {
      const match = made.find(method, undefined, "/a/6f9619ff-8b86-d011-b42d-00cf4fc964ff");
      return match?.kind === "route" ? match.route.id : match?.kind;
    };
    expect([find("GET"), find("PUT"), find("DELETE")]).toStrictEqual([
      "byId",
      "byName",
      "wrongMethod",
    ]);
  });
});

describe("a template", () => {
  it.each([
    ["/{a}{b}", "nothing between"],
    ["/{a", "brace"],
    ["/a}", "brace"],
    ["/{}", "without a name"],
    ["/{a}/{a}", "twice"],
    ["/a*b", "*"],
    ["/{a}-{b}-{c}-{d}-{e}", "more than 4"],
  ])("%s is refused: %s", (text, reason) => {
    expect(parseTemplate(text)).toContain(reason);
  });

  it("gives back the values it was filled with", () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    fc.assert(
      fc.property(word, word, word, (one, two, three) => {
        const template = parseTemplate("/x/{one}:{two}.json/{three}");
        if (typeof template === "string") throw new TypeError(template);
        const found = readParameters(template, `/x/${one}:${two}.json/${three}`);
        expect([...(found ?? [])]).toStrictEqual([
          ["one", one],
          ["two", two],
          ["three", three],
        ]);
      }),
    );
  });

  it("is matched in linear time, whatever is sent", () => {
    const template = parseTemplate("/{a}-{b}-{c}-{d}!");
    if (typeof template === "string") throw new TypeError(template);
    const [segment] = template.segments;
    if (segment === undefined) throw new TypeError("no segment");
    expect(readValues(segment, "-".repeat(200_000))).toBeUndefined();
  });
});
