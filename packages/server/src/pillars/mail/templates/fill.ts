import { raise } from "../errors.ts";
import type { TemplateText } from "./built-in.ts";

/** A template with its values in it. */
export interface FilledTemplate {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

type Values = Readonly<Record<string, string>>;

/** Where a value goes. */
const PLACEHOLDER = /\{\{\s*([A-Za-z][A-Za-z0-9]*)\s*\}\}/g;

const LINK_MAX = 2_000;
const VALUE_MAX = 500;
const SUBJECT_MAX = 200;
// Control characters and line separators, and those that turn the direction of what is read.
const UNSEEN = /[\p{Cc}\u2028\u2029\u200E\u200F\u202A-\u202E\u2066-\u2069]+/gu;
// Mail programs make links of `evil.example` and of `http://` by themselves.
const LINKED = /(?<=\p{L})\.(?=\p{L})|(?<=:)\/\/|(?<=\p{L})@(?=\p{L})/gu;
const WORD_JOINER = "\u2060";
const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

/** Puts values into a template, as text and as HTML. Throws `mail.badValues`. */
export function fillTemplate(template: TemplateText, values: Values, name: string): FilledTemplate {
  const clean = cleaned(values, name);
  const needsLink = [template.text, template.html ?? ""].some((text) => names(text).has("link"));
  if (needsLink && clean["link"] === undefined) throw wrong(name, "it needs a link");
  const escaped = Object.fromEntries(
    Object.entries(clean).map(([key, value]) => [key, escapeHtml(value)]),
  );
  return {
    subject: put(template.subject, clean).replaceAll(/\s+/g, " ").trim().slice(0, SUBJECT_MAX),
    text: `${withoutGaps(template.text, clean)}\n`,
    html:
      template.html === undefined
        ? pageOf(template.text, escaped)
        : template.html.replaceAll(PLACEHOLDER, (_whole, key: string) => valueOf(escaped, key)),
  };
}

/** The placeholders of a text. */
export function names(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(PLACEHOLDER)].map(([, name = ""]) => name));
}

function cleaned(values: Values, template: string): Values {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      key === "link" ? linkOf(value, template) : plain(value),
    ]),
  );
}

function linkOf(value: string, template: string): string {
  const url = URL.parse(value);
  const isWeb = url !== null && (url.protocol === "https:" || url.protocol === "http:");
  if (!isWeb || url.username !== "" || url.password !== "" || value.length > LINK_MAX) {
    throw wrong(template, "the link is none that may be followed");
  }
  return url.href;
}

function plain(value: string): string {
  return value
    .slice(0, VALUE_MAX)
    .toWellFormed()
    .replaceAll(UNSEEN, " ")
    .replaceAll(LINKED, (mark) => `${mark}${WORD_JOINER}`);
}

/** Every place filled in one pass, so that no value can bring a placeholder of its own. */
function put(text: string, values: Values): string {
  return text.replaceAll(PLACEHOLDER, (_whole, key: string) => valueOf(values, key));
}

function valueOf(values: Values, key: string): string {
  return Object.hasOwn(values, key) ? (values[key] ?? "") : "";
}

/** A line that names a value which is not there is left out. */
function withoutGaps(text: string, values: Values): string {
  return text
    .split(/\r?\n/)
    .filter((line) => [...names(line)].every((name) => Object.hasOwn(values, name)))
    .map((line) => put(line, values))
    .join("\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();
}

function pageOf(text: string, escaped: Values): string {
  // Escaping leaves placeholders as they are; what fills them is escaped already.
  const linked: Values =
    escaped["link"] === undefined
      ? escaped
      : { ...escaped, link: `<a href="${escaped["link"]}">${escaped["link"]}</a>` };
  const paragraphs = withoutGaps(escapeHtml(text), linked)
    .split("\n\n")
    .map((paragraph) => `<p>${paragraph.replaceAll("\n", "<br>")}</p>`);
  return [
    '<!doctype html><html><head><meta charset="utf-8"></head>',
    '<body style="font-family:sans-serif;line-height:1.5;max-width:36em">',
    ...paragraphs,
    "</body></html>",
    "",
  ].join("\n");
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"'`]/g, (mark) => ESCAPES[mark] ?? mark);
}

function wrong(template: string, what: string): Error {
  return raise("mail.badValues", { params: { template, what } });
}
