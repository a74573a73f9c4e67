import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { raise } from "../errors.ts";
import { builtInTemplates } from "./built-in.ts";
import type { MailTemplate, TemplateText } from "./built-in.ts";
import { names } from "./fill.ts";

/** The template of a kind in a language, the nearest that there is. */
export type Templates = (template: MailTemplate, locale?: string) => TemplateText;

const FILE = /^([A-Za-z]+)(?:\.([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*))?\.(txt|html)$/;
const SUBJECT = /^Subject: ([^\r\n]+)\r?\n\r?\n/;
const BYTES_MAX = 100_000;

/**
 * Reads the operator's templates once, at start: `verifyEmail.txt`, `verifyEmail.html`, `verifyEmail.de.txt`. What there is no
 * file for is built in. Throws `mail.badTemplate` for a file that is no template, so that a mistake is not found by a
 * reader.
 */
export function readTemplates(folder: string | undefined): Templates {
  const found = new Map<string, Partial<TemplateText>>();
  for (const file of folder === undefined ? [] : filesOf(folder)) {
    const [, template = "", locale = "", kind] = FILE.exec(file) ?? [];
    if (!isTemplate(template)) throw bad(file, "its name is not one of a template");
    const key = keyOf(template, locale);
    const content = readFileSync(join(folder ?? "", file), "utf8");
    const read = kind === "html" ? { html: content } : textOf(content, file);
    checkNames(template, Object.values(read).join("\n"), file);
    found.set(key, { ...found.get(key), ...read });
  }
  return (template, locale) => nearest(found, template, locale);
}

function nearest(
  found: ReadonlyMap<string, Partial<TemplateText>>,
  template: MailTemplate,
  locale = "",
): TemplateText {
  const { subject, text }: TemplateText = builtInTemplates[template];
  const words = locale.split("-");
  // From the most exact down: `pt-BR`, `pt`, the one without a language.
  for (let length = words.length; length >= 0; length -= 1) {
    const one = found.get(keyOf(template, words.slice(0, length).join("-")));
    if (one !== undefined) return { subject, text, ...one };
  }
  return { subject, text };
}

function keyOf(template: string, locale: string): string {
  return `${template}.${locale.toLowerCase()}`;
}

function isTemplate(name: string): name is MailTemplate {
  return Object.hasOwn(builtInTemplates, name);
}

function filesOf(folder: string): readonly string[] {
  try {
    const files = readdirSync(folder).filter((name) => /\.(?:txt|html)$/.test(name));
    const large = files.find((file) => statSync(join(folder, file)).size > BYTES_MAX);
    if (large !== undefined) throw bad(large, `it has more than ${BYTES_MAX} bytes`);
    return files;
  } catch (cause) {
    if (cause instanceof Error && "syscall" in cause) throw bad(folder, "it cannot be read", cause);
    throw cause;
  }
}

function textOf(content: string, file: string): Pick<TemplateText, "subject" | "text"> {
  const [head, subject] = SUBJECT.exec(content) ?? [];
  if (head === undefined || subject === undefined) {
    throw bad(file, "it does not begin with `Subject: …` and an empty line");
  }
  return { subject, text: content.slice(head.length) };
}

function checkNames(template: MailTemplate, content: string, file: string): void {
  const known: readonly string[] = ["product", ...builtInTemplates[template].values];
  const unknown = [...names(content)].filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw bad(file, `it names ${unknown.join(", ")}; there are ${known.join(", ")}`);
  }
}

function bad(file: string, what: string, cause?: unknown): Error {
  return raise("mail.badTemplate", { params: { file, what }, cause });
}
