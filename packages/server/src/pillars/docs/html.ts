/** Text that is HTML already. */
export interface Html {
  readonly html: string;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * A template whose values are escaped, unless they are HTML already.
 *
 * @example
 * html`<p>${"a < b"}</p>`.html; // "<p>a &lt; b</p>"
 */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  const text = parts.reduce((all, part, index) => all + render(values[index - 1] ?? "") + part);
  return { html: text };
}

type Value = string | number | Html | readonly Html[];

function render(value: Value): string {
  if (typeof value === "string") return value.replaceAll(/[&<>"']/g, (char) => ESCAPES[char] ?? "");
  if (typeof value === "number") return String(value);
  return "html" in value ? value.html : value.map((each) => each.html).join("");
}

/** Text with `code` between backticks, as the error tables write it. */
export function withCode(text: string): Html {
  const parts = text.split("`");
  return {
    html: parts
      .map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`).html)
      .join(""),
  };
}
