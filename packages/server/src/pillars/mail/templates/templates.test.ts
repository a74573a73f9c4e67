import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { builtInTemplates, fillTemplate, readTemplates } from "./index.ts";
import type { MailTemplate, Templates } from "./index.ts";

const LINK = "https://app.example.com/x?a=1&b=2";

function read(files: Readonly<Record<string, string>>): Templates {
  const folder = mkdtempSync(join(tmpdir(), "portico-templates-"));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    return readTemplates(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("a value", () => {
  const template = { subject: "Hi {{name}}", text: "Hello {{name}},\n\n{{link}}" };

  it.each([
    ["<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"],
    [`"><img src=x onerror='a'>`, "&quot;&gt;&lt;img src=x onerror=&#39;a&#39;&gt;"],
    ["&amp;", "&amp;amp;"],
  ])("%j is text in the HTML", (name, expected) => {
    const { html } = fillTemplate(template, { name, link: LINK }, "t");
    expect(html).toContain(`Hello ${expected},`);
  });

  it("brings no placeholder of its own", () => {
    const { text } = fillTemplate(template, { name: "{{link}}", link: LINK }, "t");
    expect(text).toContain("Hello {{link}},");
  });

  it.each([
    ["a\r\nb", "a b"],
    ["a\u0000\u0007b", "a b"],
    ["a\u2028b", "a b"],
    ["a\u202Eb", "a b"],
    ["a\uD800b", "a\uFFFDb"],
  ])("%j is one line of subject and text", (name, expected) => {
    const filled = fillTemplate(template, { name, link: LINK }, "t");
    expect(filled.subject).toBe(`Hi ${expected}`);
    expect(filled.text.split("\n")[0]).toBe(`Hello ${expected},`);
  });

  it.each(["http://evil.example", "evil.example", "www.evil.example/x", "a@evil.example"])(
    "that is the link %s is one no longer",
    (name) => {
      const { text, html, subject } = fillTemplate(template, { name, link: LINK }, "t");
      for (const one of [text, html, subject]) expect(one).not.toContain(name);
    },
  );

  it.each(["192.0.2.7", "2026-01-02T03:04:05Z", "Firefox 128.0 (Linux)", "O'Neill", "Ünal Öz"])(
    "%s stays what it is",
    (name) => {
      expect(fillTemplate(template, { name, link: LINK }, "t").text).toContain(`Hello ${name},`);
    },
  );

  it("is cut at 500 characters, and a subject at 200", () => {
    const filled = fillTemplate(template, { name: "x".repeat(10_000), link: LINK }, "t");
    expect(filled.subject).toHaveLength(200);
    expect(filled.text.length).toBeLessThan(700);
  });
});

describe("a link", () => {
  const template = { subject: "s", text: "{{link}}" };

  it("goes into the HTML as the one anchor, escaped", () => {
    const { html, text } = fillTemplate(template, { link: LINK }, "t");
    expect(html.match(/<a /g)).toHaveLength(1);
    expect(html).toContain('<a href="https://app.example.com/x?a=1&amp;b=2">');
    expect(text).toBe(`${LINK}\n`);
  });

  it.each([
    "javascript:alert(1)",
    "data:text/html,x",
    "//evil.example",
    "https://user:pass@evil.example/",
    "not a link",
    `https://a.example/${"x".repeat(2_000)}`,
  ])("is refused where it is %s", (link) => {
    expect(() => fillTemplate(template, { link }, "t")).toThrow(
      expect.objectContaining({ code: "mail.badValues" }),
    );
  });

  it("is not left out where the template needs it", () => {
    expect(() => fillTemplate(template, {}, "t")).toThrow(/needs a link/);
  });
});

describe("built-in templates", () => {
  it.each(Object.keys(builtInTemplates) as MailTemplate[])(
    "%s names what it may be given and nothing else, with all and with few values",
    (name) => {
      const { values } = builtInTemplates[name];
      const given = Object.fromEntries(values.map((each) => [each, `<${each}>`]));
      const all = { ...given, product: "Acme", link: LINK };
      const whole = fillTemplate(readTemplates(undefined)(name), all, name);
      for (const each of values) {
        expect(whole.text).toContain(each === "link" ? LINK : `<${each}>`);
      }
      const few = fillTemplate(
        readTemplates(undefined)(name),
        { product: "Acme", link: LINK },
        name,
      );
      for (const text of Object.values({ ...whole, ...few })) expect(text).not.toMatch(/[{}]/);
      expect(few.text).not.toMatch(/\n\n\n|^\s|: \n/);
    },
  );
});

describe("templates of the operator", () => {
  it("take the place of the built-in ones, by language from the most exact down", () => {
    const templates = read({
      "verifyEmail.txt": "Subject: English\n\nEnglish {{link}}",
      "verifyEmail.pt.txt": "Subject: Português\r\n\r\nOlá {{name}}\r\n{{link}}",
      "verifyEmail.pt-BR.html": "<b>{{name}}</b> {{link}}",
    });
    expect(templates("verifyEmail", "de").subject).toBe("English");
    expect(templates("verifyEmail", "PT-br").html).toContain("<b>");
    expect(templates("verifyEmail", "pt-PT").text).toBe("Olá {{name}}\r\n{{link}}");
    expect(templates("resetPassword").subject).toBe(builtInTemplates.resetPassword.subject);
    for (const locale of ["../../etc", "__proto__", "", "-".repeat(1_000)]) {
      expect(templates("verifyEmail", locale).subject).toBe("English");
    }
  });

  it("escape values in HTML of their own, inside of attributes too", () => {
    const template = read({ "invitation.html": '<a href="{{link}}" title="{{inviter}}">x</a>' });
    const { html } = fillTemplate(
      template("invitation"),
      { link: LINK, inviter: '" onclick="x' },
      "invitation",
    );
    expect(html).toBe(
      '<a href="https://app.example.com/x?a=1&amp;b=2" title="&quot; onclick=&quot;x">x</a>',
    );
  });

  it.each([
    [{ "verifyMail.txt": "Subject: x\n\nx" }, /name/],
    [{ "verifyEmail.txt": "no subject\n\nx" }, /Subject/],
    [{ "verifyEmail.txt": "Subject: x\n\n{{password}}" }, /password/],
    [{ "verifyEmail.html": "{{constructor}}" }, /constructor/],
    [{ "verifyEmail.txt": `Subject: x\n\n${"x".repeat(100_000)}` }, /bytes/],
  ])("that are none end the start: %#", (files, why) => {
    expect(() => read(files)).toThrow(why);
  });

  it("from a folder that is not there end the start", () => {
    expect(() => readTemplates(join(tmpdir(), "portico-not-there"))).toThrow(
      expect.objectContaining({ code: "mail.badTemplate" }),
    );
  });
});
